import type { ParamTable } from '../checkpoint/checkpoint.ts';
import { type DecoderInput, emitDecoder } from './decoder.ts';
import { parseDecoderConfig } from './decoder-config.ts';
import type { DecoderNames } from './decoder-layers.ts';
import type { DecoderGraph, Storage } from './graph.ts';

/** Qwen2 (Yang et al. 2024, arXiv:2407.10671): a LLaMA whose queries, keys and values have biases. */
export function emitQwen2(
  config: unknown,
  params: ParamTable,
  storage: Storage,
  names?: DecoderNames,
  takes?: DecoderInput,
): DecoderGraph {
  const parsed = parseDecoderConfig(config, ({ sliding_window, use_sliding_window }) => ({
    bias: { inputs: true, output: false, mlp: false },
    headNorm: false,
    window: use_sliding_window ? (sliding_window ?? undefined) : undefined,
  }));
  return emitDecoder(parsed, params, storage, names, takes);
}
