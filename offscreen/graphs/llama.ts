import type { ParamTable } from '../checkpoint/checkpoint.ts';
import { type DecoderInput, emitDecoder } from './decoder.ts';
import { parseDecoderConfig } from './decoder-config.ts';
import type { DecoderNames } from './decoder-layers.ts';
import type { DecoderGraph, Storage } from './graph.ts';

/** LLaMA (Touvron et al. 2023, arXiv:2302.13971) and Mistral (Jiang et al. 2023, arXiv:2310.06825), which adds a window. */
export function emitLlama(
  config: unknown,
  params: ParamTable,
  storage: Storage,
  names?: DecoderNames,
  takes?: DecoderInput,
): DecoderGraph {
  const parsed = parseDecoderConfig(config, ({ attention_bias, mlp_bias, sliding_window }) => ({
    bias: { inputs: attention_bias, output: attention_bias, mlp: mlp_bias },
    headNorm: false,
    window: sliding_window ?? undefined,
  }));
  return emitDecoder(parsed, params, storage, names, takes);
}
