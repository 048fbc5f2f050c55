import type { ComponentGraph } from '../../offscreen/families/family.ts';
import type { Precision } from '../../src/protocol/hardware-names.ts';
import { expectedDeviation } from '../../test/support/expected-deviation.ts';
import type { Allowed } from './check.ts';

/** Standard deviations that 128 normal numbers span on average: the largest group of weights that has one scale. */
const LARGEST_SPAN = 5.2;

/**
 * How far an output may be from the reference.
 *
 * In fp32, by the absolute tolerance that the golden file states. In fewer bits its tolerances do not hold, and the bound follows
 * from the format: rounding a group of normal weights to levels errs by a known share of them, errors of matrices one after the
 * other add up as squares, and the result may be twice what is expected of all matrices on the way (`expected-deviation.ts`). 16-bit
 * floats have more digits than 8-bit levels, and have to be at least as close.
 *
 * @param stored the graphs on the way to the output, as they are stored
 */
export function allowedDeviation(
  precision: Precision,
  atol: number | undefined,
  stored: readonly ComponentGraph[],
): Allowed {
  if (precision === 'fp32') return atol === undefined ? undefined : { absolute: atol };
  const products = stored.reduce((sum, graph) => sum + quantizedMatrices(graph), 0);
  // Nothing on the way is stored in fewer bits: it has to be as exact as it would be.
  if (products === 0) return atol === undefined ? undefined : { absolute: atol };
  return { rms: 2 * expectedDeviation(precision === 'q4' ? 4 : 8, products, LARGEST_SPAN) };
}

/** Matrices of a graph that are stored in few bits; a stored part of a model says what is written how. */
function quantizedMatrices({ parts }: ComponentGraph): number {
  return parts.flatMap(({ steps }) => steps).filter(({ recipe }) => recipe.outputs[0]?.element === 'uint8').length;
}
