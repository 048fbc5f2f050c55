import type { GraphBuilder } from './build/graph-builder.ts';
import { type LinearStorage, productOf } from './build/linear.ts';
import { add, dimOf, reshape, single } from './build/ops.ts';
import type { Value } from './build/value.ts';

export interface VocabularyHead {
  /** The parameter [vocabulary, hidden] whose rows are the classes. */
  readonly name: string;
  readonly vocabulary: number;
  /** The same parameter as a value, where tokens were embedded with it and it is stored as floats. */
  readonly table?: Value | undefined;
  /** [vocabulary] */
  readonly bias?: Value | undefined;
}

/**
 * Products of `rows` [..., hidden] with every row of a table, which may be the one that tokens were embedded with (Press and
 * Wolf 2017, arXiv:1608.05859): -> [rows, vocabulary].
 */
export function vocabularyLogits(
  g: GraphBuilder,
  rows: Value,
  { name, vocabulary, table, bias }: VocabularyHead,
  storage: LinearStorage,
): Value {
  const hidden = Number(dimOf(rows, -1));
  const flat = { ...reshape(g, rows, [-1, hidden]), dims: ['rows', hidden] };
  const dims = ['rows', vocabulary];
  if (table) {
    const attributes = { transB: { int: 1 } };
    return single(g, 'Gemm', [flat, table, bias], { element: rows.element, dims }, { attributes });
  }
  const product = productOf(g, name, flat, [g.require(name, [vocabulary, hidden])], storage);
  return bias ? add(g, product, bias) : product;
}
