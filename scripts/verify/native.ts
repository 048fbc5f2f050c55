import type { ComponentName } from '../../offscreen/families/family.ts';
import { storageOf } from '../../offscreen/graphs/graph.ts';
import { runTensors } from '../../offscreen/tasks/tensors.ts';
import { REAL_BACKENDS } from '../../src/protocol/hardware.ts';
import type { TensorMap } from '../../src/protocol/tensor.ts';
import type { Numbers } from '../../test/support/infer-in-page.ts';
import { openTaskModel } from '../../test/support/node-task-model.ts';
import { createRandom } from '../../test/support/random.ts';
import type { Asker, Setting } from './subject.ts';

/** What native kernels give, and how far they are from it when the last bits of their inputs are others. */
export interface NativeResult {
  readonly values: readonly number[];
  /** Largest root mean square of the difference, as a share. */
  readonly shaken: number;
}

/** A change of the last bit of a float32, as a share of the number. */
const LAST_BIT = 2 ** -23;

/** Numbers whose last bits were changed without a pattern, the same for the same seed. */
function shake({ dtype, dims, values }: Numbers, seed: number): Numbers {
  if (dtype !== 'float32') return { dtype, dims, values };
  const random = createRandom(seed);
  return { dtype, dims, values: values.map((value) => value * (1 + (random.below(2) === 0 ? -1 : 1) * LAST_BIT)) };
}

/**
 * Runs the graphs of a model, with weights stored as in the browser, on onnxruntime's native kernels: another implementation of the
 * operators. What it gives is what results in few bits have to be.
 *
 * @param seed changes the last bits of all inputs, where it is given
 */
export async function createNativeAsker(
  folder: string,
  { backend, precision }: Setting,
  seed?: number,
): Promise<Asker> {
  const model = await openTaskModel(folder, storageOf(precision));
  const { signal } = new AbortController();
  return {
    infer: async () => {
      throw new Error('Tasks are not done on native kernels.');
    },
    async run({ graph, inputs: given }) {
      const shaken = Object.entries(given).map(([name, tensor]) => [name, shake(tensor, seed ?? 0)] as const);
      const inputs = seed === undefined ? given : Object.fromEntries(shaken);
      const name = graph as ComponentName;
      const component = () => (name === 'decoder' ? { decoder: model.decoder(name) } : { graph: model.graph(name) });
      const outputs = await runTensors({ component }, { graph, inputs: toWire(inputs) }, { signal, onCompute() {} });
      const numbers = Object.entries(outputs).map(([output, { dims, data }]): [string, Numbers] => [
        output,
        { dtype: 'float32', dims, values: Array.from(new Float32Array(data)) },
      ]);
      return {
        outputs: Object.fromEntries(numbers),
        execution: { backend: REAL_BACKENDS[backend], precision },
      };
    },
  };
}

function toWire(inputs: Readonly<Record<string, Numbers>>): TensorMap {
  const tensors = Object.entries(inputs).map(([name, { dtype, dims, values }]) => {
    const { buffer } = dtype === 'int64' ? BigInt64Array.from(values, BigInt) : Float32Array.from(values);
    return [name, { dtype, dims: [...dims], data: buffer }] as [string, TensorMap[string]];
  });
  return Object.fromEntries(tensors);
}
