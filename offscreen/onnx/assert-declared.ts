import { WebplatError } from '../../src/protocol/errors.ts';
import type { TensorMap } from '../../src/protocol/tensor.ts';
import type { Declared } from './header.ts';

const show = ({ element, dims }: Declared): string => (dims ? `${element} [${dims.join(', ')}]` : element);

/**
 * Compares tensors with what a graph declares: names, element types, ranks, and sizes where they are fixed. Sizes that have a
 * name are the graph's own business, because exporters name them wrongly.
 *
 * @throws WebplatError `invalid-request`, which says what is right
 */
export function assertDeclared(inputs: readonly Declared[], given: TensorMap): void {
  const unknown = Object.keys(given).find((name) => !inputs.some((input) => input.name === name));
  if (unknown !== undefined) {
    const known = inputs.map(({ name }) => name).join(', ');
    throw invalid(unknown, `left out: the graph takes ${known.slice(0, 512) || 'nothing'}`);
  }
  for (const input of inputs) {
    const { name, element, dims } = input;
    const tensor = given[name];
    const fits =
      tensor?.dtype === element &&
      (!dims || dims.length === tensor.dims.length) &&
      (dims ?? []).every((dim, at) => typeof dim === 'string' || dim === tensor.dims[at]);
    if (!fits) throw invalid(name, `a tensor ${show(input)}`);
  }
}

const invalid = (field: string, rule: string): WebplatError =>
  new WebplatError('invalid-request', `${field} must be ${rule}.`, { field });
