import * as v from 'valibot';
import { Labels, parseFields } from '../../graphs/config-fields.ts';

const LabelFields = v.object({
  id2label: v.nullish(Labels),
  problem_type: v.nullish(v.picklist(['single_label_classification', 'multi_label_classification', 'regression'])),
});

export interface ClassLabels {
  /** Names of classes by their number. */
  readonly labels: readonly string[];
  /** Whether one class applies, each on its own, or the logits are no probabilities at all. */
  readonly problem: 'single' | 'multiple' | 'regression';
}

/**
 * What `config.json` says about `classes` classes; one without a name is called by its number. Who says nothing about the kind of
 * problem means one class of several, or whether a single one applies.
 *
 * @throws WebplatError `model-corrupt`
 */
export function parseClassLabels(config: unknown, classes: number): ClassLabels {
  const { id2label, problem_type } = parseFields(LabelFields, config);
  const labels = Array.from({ length: classes }, (_, i) => id2label?.[i] ?? `LABEL_${i}`);
  if (problem_type === 'regression') return { labels, problem: 'regression' };
  const isMultiple = problem_type === 'multi_label_classification' || classes === 1;
  return { labels, problem: isMultiple ? 'multiple' : 'single' };
}
