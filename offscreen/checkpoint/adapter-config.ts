import * as v from 'valibot';
import { WebplatError } from '../../src/protocol/errors.ts';

const Name = v.pipe(v.string(), v.maxLength(256));
const Positive = v.pipe(v.number(), v.finite(), v.minValue(0));
const Flag = v.nullish(v.boolean(), false);

/** The fields of `adapter_config.json` that decide what an adapter computes (PEFT's `LoraConfig`). */
const Fields = v.object({
  peft_type: v.string(),
  base_model_name_or_path: v.nullish(Name),
  revision: v.nullish(Name),
  lora_alpha: v.nullish(Positive, 8),
  use_rslora: Flag,
  alpha_pattern: v.nullish(v.record(Name, Positive), {}),
  use_dora: Flag,
  lora_bias: Flag,
  fan_in_fan_out: Flag,
  bias: v.nullish(v.string(), 'none'),
});

/** What an adapter says of itself. */
export interface AdapterConfig {
  /** The repository that it changes, and which version of it. */
  readonly base: string | undefined;
  readonly revision: string | undefined;
  /** What the product of a layer's matrices is multiplied with. */
  scale(layer: string, rank: number): number;
}

/** @throws WebplatError `model-corrupt`, `model-unsupported` for adapters that compute something else */
export function parseAdapterConfig(json: unknown): AdapterConfig {
  const parsed = v.safeParse(Fields, json);
  if (!parsed.success) {
    throw new WebplatError('model-corrupt', undefined, { reason: 'adapter_config.json does not describe an adapter.' });
  }
  const { base_model_name_or_path: base, revision, ...fields } = parsed.output;
  assertComputable(fields);
  const alphas = Object.entries(fields.alpha_pattern);
  return {
    base: base ?? undefined,
    revision: revision ?? undefined,
    scale(layer, rank) {
      const [, alpha = fields.lora_alpha] = alphas.find(([name]) => layer === name || layer.endsWith(`.${name}`)) ?? [];
      return alpha / (fields.use_rslora ? Math.sqrt(rank) : rank);
    },
  };
}

function assertComputable(fields: Omit<v.InferOutput<typeof Fields>, 'base_model_name_or_path' | 'revision'>): void {
  const refuse = (what: string) => {
    throw new WebplatError('model-unsupported', undefined, {
      reason: `Adapters ${what} do not run here. LoRA adapters of linear layers do.`,
    });
  };
  if (fields.peft_type !== 'LORA') refuse(`of type ${fields.peft_type.slice(0, 32)}`);
  if (fields.use_dora) refuse('with weight decomposition (DoRA)');
  if (fields.lora_bias || fields.bias !== 'none') refuse('that change biases');
  if (fields.fan_in_fan_out) refuse('of transposed layers');
  // A pattern is a regular expression of whoever made the adapter: none of them is run here.
  if (Object.keys(fields.alpha_pattern).some((name) => !/^[A-Za-z0-9_.]+$/.test(name)))
    refuse('with patterns of layers');
}
