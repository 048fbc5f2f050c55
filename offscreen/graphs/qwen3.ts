import type { ParamTable } from '../checkpoint/checkpoint.ts';
import { emitDecoder } from './decoder.ts';
import { parseDecoderConfig } from './decoder-config.ts';
import type { DecoderGraph, Storage } from './graph.ts';

/** Qwen3 (Yang et al. 2025, arXiv:2505.09388): a LLaMA that normalizes queries and keys per head before it rotates them. */
export function emitQwen3(config: unknown, params: ParamTable, storage: Storage): DecoderGraph {
  const parsed = parseDecoderConfig(config, ({ attention_bias, sliding_window, use_sliding_window }) => ({
    bias: { inputs: attention_bias, output: attention_bias, mlp: false },
    headNorm: true,
    window: use_sliding_window ? (sliding_window ?? undefined) : undefined,
  }));
  return emitDecoder(parsed, params, storage);
}
