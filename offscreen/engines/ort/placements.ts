import type { Placement } from '../../../src/protocol/model.ts';
import type { Backend } from '../../../src/protocol/scalars.ts';

/**
 * What really computes a model on a tier of WebNN: all of it, some of it or nothing. Components that were not run yet do not
 * count; where none was, nobody can say that WebNN takes all.
 */
export function backendOf(placements: readonly Placement[]): Backend {
  const run = placements.filter(({ nodes, reason }) => nodes > 0 || reason !== undefined);
  const whole = run.filter(({ nodes, webnnNodes }) => nodes > 0 && webnnNodes === nodes);
  if (run.length > 0 && whole.length === run.length) return 'REAL_WEBNN';
  if (run.length === 0) return 'PARTLY_WEBNN';
  return run.some(({ webnnNodes }) => webnnNodes > 0) ? 'PARTLY_WEBNN' : 'REAL_WASM';
}
