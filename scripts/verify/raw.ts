import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Numbers } from '../../test/support/infer-in-page.ts';

const ARRAYS = {
  float32: { name: 'F32', of: (values: readonly number[]) => Float32Array.from(values) },
  int64: { name: 'I64', of: (values: readonly number[]) => BigInt64Array.from(values, BigInt) },
} as const;

/** Tensors as a safetensors file: length of the header in 8 bytes, the header as JSON, the data in its order. */
export function toSafetensors(tensors: ReadonlyMap<string, Numbers>): Uint8Array {
  let end = 0;
  const header: Record<string, object> = {};
  const data: Uint8Array[] = [];
  for (const [name, { dtype, dims, values }] of tensors) {
    // Nothing else is compared; integers that are no ids have room in floats.
    const { name: stored, of } = ARRAYS[dtype === 'int64' ? 'int64' : 'float32'];
    const bytes = new Uint8Array(of(values).buffer);
    header[name] = { dtype: stored, shape: dims, data_offsets: [end, end + bytes.byteLength] };
    end += bytes.byteLength;
    data.push(bytes);
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  // Data begin at a multiple of 8; spaces after JSON mean nothing.
  const padded = new Uint8Array(Math.ceil(json.byteLength / 8) * 8).fill(0x20);
  padded.set(json);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(padded.byteLength), true);
  return Buffer.concat([length, padded, ...data]);
}

/** Writes tensors for others to compare; answers the file. */
export async function writeRaw(folder: string, model: string, tensors: ReadonlyMap<string, Numbers>): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, `${model}.safetensors`);
  await writeFile(file, toSafetensors(tensors));
  return file;
}
