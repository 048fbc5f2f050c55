import * as v from 'valibot';
import { isGraph } from '../../src/protocol/model-files.ts';
import type { ComponentName, ModelTask } from '../families/family.ts';
import { FAMILIES } from '../families/registry.ts';
import { hasHead } from '../graphs/architectures.ts';
import { graphFiles } from './layout.ts';

const Typed = v.object({ model_type: v.optional(v.string()), architectures: v.nullish(v.array(v.string()), []) });

/**
 * Whether a model is run from graphs that others made: where it has no weights that graphs could be made from, or is of a type
 * for which none are made.
 */
export function isExported(paths: readonly string[], config: unknown): boolean {
  if (!paths.some(isGraph)) return false;
  if (!paths.some((path) => /^model.*\.safetensors$/.test(path))) return true;
  const parsed = v.safeParse(Typed, config);
  return parsed.success && !FAMILIES.some(({ modelTypes }) => modelTypes.includes(parsed.output.model_type ?? ''));
}

/**
 * The graphs of components as Optimum exports them, by their names without what says how they are stored: the first of these ways
 * that a model has all graphs of (https://huggingface.co/docs/optimum-onnx/onnx/usage_guides/export_a_model). A decoder in two
 * graphs begins a text with the first and goes on with the second.
 */
export const STEMS: Readonly<Partial<Record<ComponentName, readonly (readonly string[])[]>>> = {
  text: [['text_model'], ['model']],
  vision: [['vision_model'], ['model']],
  audio: [['audio_model'], ['model']],
  joint: [['model']],
  encoder: [['encoder_model']],
  decoder: [['decoder_model_merged'], ['decoder_model', 'decoder_with_past_model'], ['model']],
};

/** The stems of a component's graphs; undefined where a model does not have them. */
export function stemsOf(paths: readonly string[], component: ComponentName): readonly string[] | undefined {
  const there = new Set(graphFiles(paths).map(({ stem }) => stem));
  return STEMS[component]?.find((stems) => stems.every((stem) => there.has(stem)));
}

type Tasks = Readonly<Partial<Record<ModelTask, readonly ComponentName[]>>>;

/**
 * What exported graphs can be used for, the likeliest first, and the components that each use needs: told from the head that
 * config.json names, because all exports of one head have the same inputs and outputs, whatever the architecture.
 */
export function exportedTasks(config: unknown, paths: readonly string[]): Tasks {
  const tasks = tasksOfHead(config, paths);
  const there = Object.entries(tasks).filter(([, components]) =>
    components.every((component) => stemsOf(paths, component) !== undefined),
  );
  return Object.fromEntries(there);
}

function tasksOfHead(config: unknown, paths: readonly string[]): Tasks {
  const parsed = v.safeParse(Typed, config);
  if (!parsed.success) return {};
  const { model_type, architectures } = parsed.output;
  const written = ['encoder', 'decoder'] as const;
  if (model_type === 'whisper') return { 'automatic-speech-recognition': written };
  if (model_type === 'clip') return tasksOfClip(paths);
  if (hasHead(config, 'SequenceClassification')) return { 'text-classification': ['text'] };
  if (hasHead(config, 'ImageClassification')) return { 'image-classification': ['vision'] };
  if (hasHead(config, 'ObjectDetection')) return { 'object-detection': ['vision'] };
  if (hasHead(config, 'CTC')) return { 'automatic-speech-recognition': ['audio'] };
  if (hasHead(config, 'CausalLM') || architectures?.some((name) => name.endsWith('LMHeadModel'))) {
    return { 'text-generation': ['decoder'] };
  }
  if (stemsOf(paths, 'encoder')) return { 'text2text-generation': written };
  if (!architectures?.some((name) => name.endsWith('Model'))) return {};
  if (paths.includes('tokenizer.json')) return { 'feature-extraction': ['text'] };
  if (model_type === 'wav2vec2') return { 'audio-feature-extraction': ['audio'] };
  return paths.includes('preprocessor_config.json') ? { 'image-feature-extraction': ['vision'] } : {};
}

/** Towers by themselves, and both in one graph, which alone knows how far apart their vectors are to be. */
function tasksOfClip(paths: readonly string[]): Tasks {
  const stems = new Set(graphFiles(paths).map(({ stem }) => stem));
  return {
    ...(stems.has('model') && { 'zero-shot-image-classification': ['joint'] as const }),
    ...(stems.has('vision_model') && { 'image-feature-extraction': ['vision'] as const }),
    ...(stems.has('text_model') && { 'feature-extraction': ['text'] as const }),
  };
}
