import { readFile } from 'node:fs/promises';
import { type ModelTexts, readModelTexts } from '../../offscreen/engines/ort/model-texts.ts';
import type { ComponentGraph, ComponentName, ModelFamily } from '../../offscreen/families/family.ts';
import { familyOf } from '../../offscreen/families/registry.ts';
import { storageOf } from '../../offscreen/graphs/graph.ts';
import { REAL_BACKENDS } from '../../src/protocol/hardware.ts';
import type { BackendName, Precision } from '../../src/protocol/hardware-names.ts';
import type { GoldenModel } from '../../test/support/golden.ts';
import type { GraphRequest, Inferred, Numbers, PageRequest, Ran, Where } from '../../test/support/infer-in-page.ts';
import { checkStored } from './bounds.ts';
import { type Check, checkNumbers } from './check.ts';
import { createLedger, type Ledger } from './ledger.ts';
import type { NativeResult } from './native.ts';

/** Where requests of a site go. */
export interface Asker {
  infer(request: PageRequest): Promise<Inferred>;
  run(request: GraphRequest): Promise<Ran>;
}

/** What a model is verified on. */
export interface Setting {
  readonly backend: BackendName;
  readonly precision: Precision;
}

/** A model that is verified: what is golden of it, what its files say, and who answers for it. */
export interface Subject {
  readonly golden: GoldenModel;
  readonly texts: ModelTexts;
  readonly family: ModelFamily;
  readonly ledger: Ledger;
  /** Whether results have to be those of float32 arithmetic. */
  readonly exact: boolean;
  /** Its graphs by name; what they take and give does not depend on how they are stored. */
  readonly graphs: ReadonlyMap<ComponentName, ComponentGraph>;
  infer(task: string, input: unknown, options?: object): Promise<unknown>;
  run(graph: ComponentName, inputs: Readonly<Record<string, Numbers>>): Promise<Readonly<Record<string, Numbers>>>;
  /**
   * Judges numbers [dims] that were computed, where `golden` are right: within `atol` in float32, and otherwise by what native kernels
   * compute of the same stored weights. They are kept under `key`.
   */
  judge(name: string, key: string, actual: Numbers, golden: ArrayLike<number>, atol: number | undefined): Check;
}

/** @throws Error for answers that were computed otherwise than asked for */
export async function createSubject(
  golden: GoldenModel,
  model: string,
  asker: Asker,
  { backend, precision }: Setting,
  native: ReadonlyMap<string, NativeResult> = new Map(),
): Promise<Subject> {
  const { config, table, folder } = golden;
  const family = familyOf(config);
  const graphs = new Map(
    Object.entries(family.components).map(([name, emit]) => [
      name as ComponentName,
      emit(config, table, storageOf('fp32')),
    ]),
  );
  const ledger = createLedger();
  const hardware = { backends: [backend], precision };
  const assertWhere = (execution: Where) => {
    if (execution.backend === REAL_BACKENDS[backend] && execution.precision === precision) return;
    throw new Error(`It was computed on ${execution.backend} in ${execution.precision}.`);
  };
  return {
    golden,
    family,
    graphs,
    exact: precision === 'fp32',
    ledger,
    texts: await readModelTexts({
      json: async (path: string): Promise<unknown> => {
        const text = await readFile(`${folder}/${path}`, 'utf8').catch(() => undefined);
        return text === undefined ? undefined : JSON.parse(text);
      },
    }),
    async infer(task, input, options = {}) {
      const { output, execution } = await asker.infer({ model, task, input, options, hardware });
      assertWhere(execution);
      return output;
    },
    async run(graph, inputs) {
      const { outputs, execution } = await asker.run({ model, graph, inputs, hardware });
      assertWhere(execution);
      return outputs;
    },
    judge(name, key, actual, right, atol) {
      ledger.keep(key, actual);
      if (precision === 'fp32') {
        return checkNumbers(name, actual.values, right, atol === undefined ? undefined : { absolute: atol });
      }
      const stored = native.get(key);
      if (!stored) return checkNumbers(name, actual.values, right, undefined);
      return checkStored(name, actual.values, stored, right, precision);
    },
  };
}
