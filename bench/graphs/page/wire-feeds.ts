import type { WireTensor } from '../../../src/protocol/tensor.ts';
import type { Feeds } from './messages.ts';

/** Plain numbers as the bytes of tensors. */
export function wireFeeds(feeds: Feeds): Readonly<Record<string, WireTensor>> {
  const entries = Object.entries(feeds).map(([name, { dtype, dims, values }]) => {
    const data = dtype === 'int64' ? BigInt64Array.from(values, BigInt) : Float32Array.from(values);
    const tensor: WireTensor = { dtype, dims: [...dims], data: data.buffer };
    return [name, tensor] as const;
  });
  return Object.fromEntries(entries);
}
