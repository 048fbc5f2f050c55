import type { MadeParam } from './changed-params.ts';

/** A safetensors file of float32 parameters. */
export function writeSafetensors(params: Readonly<Record<string, MadeParam>>): Uint8Array<ArrayBuffer> {
  const header: Record<string, object> = {};
  const contents: Uint8Array[] = [];
  let end = 0;
  for (const [name, { shape, values }] of Object.entries(params)) {
    const content = new Uint8Array(Float32Array.from(values).buffer);
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end + content.byteLength] };
    contents.push(content);
    end += content.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const file = new Uint8Array(8 + text.byteLength + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.byteLength), true);
  file.set(text, 8);
  let at = 8 + text.byteLength;
  for (const content of contents) {
    file.set(content, at);
    at += content.byteLength;
  }
  return file;
}
