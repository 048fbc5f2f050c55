import * as v from 'valibot';
import { WebplatError } from '../../src/protocol/errors.ts';
import { bert } from './bert.ts';
import { clap } from './clap.ts';
import { clip } from './clip.ts';
import { detr } from './detr.ts';
import type { ModelFamily } from './family.ts';
import { llama } from './llama.ts';
import { llava } from './llava.ts';
import { llavaNext } from './llava-next.ts';
import { qwen2 } from './qwen2.ts';
import { qwen3 } from './qwen3.ts';
import { t5 } from './t5.ts';
import { vit } from './vit.ts';
import { wav2vec2 } from './wav2vec2.ts';
import { whisper } from './whisper.ts';
import { xClip } from './x-clip.ts';

export const FAMILIES: readonly ModelFamily[] = [
  bert,
  clap,
  clip,
  detr,
  llama,
  llava,
  llavaNext,
  qwen2,
  qwen3,
  t5,
  vit,
  wav2vec2,
  whisper,
  xClip,
];

const TypedConfig = v.object({ model_type: v.pipe(v.string(), v.maxLength(64)) });

/** @throws WebplatError `model-corrupt` when config.json names no type, `model-unsupported` when no family has it. */
export function familyOf(config: unknown): ModelFamily {
  const typed = v.safeParse(TypedConfig, config);
  if (!typed.success)
    throw new WebplatError('model-corrupt', undefined, { reason: 'config.json names no model type.' });
  const { model_type } = typed.output;
  const family = FAMILIES.find(({ modelTypes }) => modelTypes.includes(model_type));
  if (!family) throw new WebplatError('model-unsupported', undefined, { reason: unknownType(model_type) });
  return family;
}

function unknownType(modelType: string): string {
  const known = FAMILIES.flatMap(({ modelTypes }) => modelTypes).join(', ');
  return `Models of type ${modelType.slice(0, 64)} do not run here. These do: ${known}.`;
}
