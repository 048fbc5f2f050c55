import { float16ToNumber } from './float16.ts';

/** Element types of a checkpoint that can be read as numbers, with the bytes of one element. */
export const DTYPE_BYTES = { F32: 4, F16: 2, BF16: 2 } as const;
export type Dtype = keyof typeof DTYPE_BYTES;

let halves: Float32Array | undefined;

/** Every binary16 value by its bits: a look-up is several times faster than arithmetic for whole checkpoints. */
function float16Table(): Float32Array {
  halves ??= Float32Array.from({ length: 65_536 }, (_, bits) => float16ToNumber(bits));
  return halves;
}

/** Little-endian elements as float32; exact, because float32 holds every binary16 and bfloat16 value. */
export function toFloat32(bytes: Uint8Array, dtype: Dtype): Float32Array<ArrayBuffer> {
  // A copy, because elements need alignment that a slice of a file does not have.
  const { buffer } = new Uint8Array(bytes);
  if (dtype === 'F32') return new Float32Array(buffer);
  const source = new Uint16Array(buffer);
  const target = new Float32Array(source.length);
  if (dtype === 'F16') {
    const table = float16Table();
    for (let i = 0; i < source.length; i += 1) target[i] = table[source[i] ?? 0] ?? 0;
    return target;
  }
  const words = new Uint32Array(target.buffer);
  for (let i = 0; i < source.length; i += 1) words[i] = (source[i] ?? 0) << 16;
  return target;
}
