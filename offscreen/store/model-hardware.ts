import * as v from 'valibot';
import type { Precision } from '../../src/protocol/hardware-names.ts';
import type { ModelHardware } from '../../src/protocol/model.ts';
import type { ModelFamily } from '../families/family.ts';
import { EXACT_BYTES } from '../graphs/graph.ts';

const TorchDtype = v.optional(v.string());
const DtypeConfig = v.object({
  torch_dtype: TorchDtype,
  dtype: TorchDtype,
  text_config: v.optional(v.object({ torch_dtype: TorchDtype, dtype: TorchDtype })),
});

/** Bytes of one parameter with its share of the scales: a float32 for each block of 32, or of 128 where memory is short. */
const PARAM_BYTES: Record<Precision, number> = { fp32: 4, fp16: 2, q8: 1 + 4 / 32, q4: 0.5 + 4 / 128 };

const LayersConfig = v.object({
  num_hidden_layers: v.number(),
  hidden_size: v.number(),
  intermediate_size: v.number(),
  num_attention_heads: v.number(),
  num_key_value_heads: v.nullish(v.number()),
});

/** What the runtime's WebAssembly can hold: 32-bit addresses, and room beside the weights. */
const WASM_BYTES = 3.5e9;

/** What a checkpoint of `weightBytes` will take and where it runs, from its family and config.json alone. */
export function hardwareOf(family: ModelFamily, config: unknown, weightBytes: number): ModelHardware {
  const parameters = Math.round(weightBytes / storedBytes(config));
  const precisions = (Object.keys(PARAM_BYTES) as Precision[]).map((precision) => ({
    precision,
    bytes: Math.round(parameters * PARAM_BYTES[precision]),
  }));
  const exact = !family.components.decoder && parameters * PARAM_BYTES.fp32 <= EXACT_BYTES;
  const packed = family.components.decoder ? 'q4' : 'q8';
  const precision = exact ? 'fp32' : packed;
  const onProcessor = parameters * PARAM_BYTES[precision] <= WASM_BYTES;
  return {
    family: family.modelTypes[0] ?? '',
    parameters,
    components: Object.keys(family.components),
    precisions,
    ...streamedBytes(family, config, parameters),
    recommended: { precision, backends: onProcessor ? ['webgpu', 'wasm'] : ['webgpu'] },
  };
}

/** Layers that are in memory at once where they take turns: one is computed with, one is read. */
const STREAMED_LAYERS = 2;

/** What has to be in memory of a decoder whose layers take turns: two of them in 4 bits, and everything else in 8. */
function streamedBytes({ components }: ModelFamily, config: unknown, parameters: number) {
  // Layers of a decoder that attends to an encoder's states too are not run one by one.
  if (!components.decoder || components.cross) return {};
  const text = (config as { text_config?: unknown } | undefined)?.text_config ?? config;
  const read = v.safeParse(LayersConfig, text);
  if (!read.success) return {};
  const { num_hidden_layers: layers, hidden_size: hidden, intermediate_size: intermediate, ...heads } = read.output;
  const shared = (heads.num_key_value_heads ?? heads.num_attention_heads) / heads.num_attention_heads;
  const layer = 3 * hidden * intermediate + 2 * hidden * hidden * (1 + shared);
  const rest = Math.max(0, parameters - layers * layer);
  return { streamedBytes: Math.round(rest * PARAM_BYTES.q8 + STREAMED_LAYERS * layer * PARAM_BYTES.q4) };
}

/** Bytes of a parameter in the file, as config.json has them; checkpoints that do not say are float32. */
function storedBytes(config: unknown): number {
  const read = v.safeParse(DtypeConfig, config);
  if (!read.success) return 4;
  const { torch_dtype, dtype, text_config } = read.output;
  const name = torch_dtype ?? dtype ?? text_config?.torch_dtype ?? text_config?.dtype;
  return name === 'bfloat16' || name === 'float16' ? 2 : 4;
}
