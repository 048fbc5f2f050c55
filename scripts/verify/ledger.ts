import type { Numbers } from '../../test/support/infer-in-page.ts';
import { type Check, missed } from './check.ts';

/** What came out of a verification: comparisons, and the tensors that were compared. */
export interface Ledger {
  readonly checks: readonly Check[];
  /** Tensors by `CASE/OUTPUT`, in the shapes that the golden file stores. */
  readonly tensors: ReadonlyMap<string, Numbers>;
  add(...checks: readonly Check[]): void;
  keep(name: string, tensor: Numbers): void;
  /** Notes as missed, under `name`, what `work` fails with. */
  attempt(name: string, work: () => Promise<void>): Promise<void>;
}

export function createLedger(): Ledger {
  const checks: Check[] = [];
  const tensors = new Map<string, Numbers>();
  return {
    checks,
    tensors,
    add: (...more) => void checks.push(...more),
    keep: (name, tensor) => void tensors.set(name, tensor),
    async attempt(name, work) {
      try {
        await work();
      } catch (error) {
        const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
        checks.push(missed(name, line));
      }
    },
  };
}
