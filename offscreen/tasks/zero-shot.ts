import { classifyByTexts } from '../processing/results/classify.ts';
import { logitsPerImage } from '../processing/results/embeddings.ts';
import type { LabelScore } from '../processing/results/scores.ts';
import type { FloatOutput, Outputs, Runs } from './runs.ts';
import type { TaskModel } from './task-model.ts';
import { tokenInputs } from './token-inputs.ts';

/** The sentences that labels are put into. */
export const sentencesOf = (labels: readonly string[], template: string): string[] =>
  labels.map((label) => template.replaceAll('{}', () => label));

/** What the text graph gives for sentences. */
export function runTexts(model: TaskModel, runs: Runs, sentences: readonly string[]): Promise<Outputs> {
  const graph = model.graph('text');
  return runs.run(graph, tokenInputs(model, graph, sentences).inputs);
}

/** Which label's sentence is nearest to something whose vector is `embeds` [1, width]. */
export async function nearestLabels(
  model: TaskModel,
  runs: Runs,
  embeds: FloatOutput,
  labels: readonly string[],
  template: string,
): Promise<LabelScore[]> {
  const texts = await runTexts(model, runs, sentencesOf(labels, template));
  const { dims, data } = texts.get('text_embeds');
  const [scale = 1] = texts.get('logit_scale').data;
  const rows = { width: dims.at(-1) ?? 1, data };
  return classifyByTexts(logitsPerImage({ width: rows.width, data: embeds.data }, rows, scale), labels);
}
