import { readFile } from 'node:fs/promises';
import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { readModelTexts } from '../../offscreen/engines/ort/model-texts.ts';
import { COMPONENTS, type ComponentName } from '../../offscreen/families/family.ts';
import { familyOf } from '../../offscreen/families/registry.ts';
import type { Value } from '../../offscreen/graphs/build/value.ts';
import { type Storage, storageOf } from '../../offscreen/graphs/graph.ts';
import type { Graph } from '../../offscreen/tasks/graph.ts';
import type { TaskModel } from '../../offscreen/tasks/task-model.ts';
import { openFolder, openNodeSession } from './node-graphs.ts';

/** A model of a folder whose whole graphs run on onnxruntime's native CPU kernels, for tests of tasks. */
export async function openTaskModel(folder: string, storage: Storage = storageOf('fp32')): Promise<TaskModel> {
  const json = async (path: string): Promise<unknown> => {
    const text = await readFile(`${folder}/${path}`, 'utf8').catch(() => undefined);
    return text === undefined ? undefined : JSON.parse(text);
  };
  const texts = await readModelTexts({ json });
  const { config } = texts;
  const { table, reader } = await openFolder(folder);
  const { components } = familyOf(config);
  const graphs = new Map<ComponentName, Graph>();
  for (const name of COMPONENTS) {
    const emitted = components[name]?.(config, table, storage);
    if (emitted && !emitted.shape) graphs.set(name, graphOf(await openNodeSession(emitted, reader), emitted.inputs));
  }
  return {
    ...texts,
    has: (name) => components[name] !== undefined,
    graph(name) {
      const graph = graphs.get(name);
      if (!graph) throw new Error(`There is no graph ${name}.`);
      return graph;
    },
    decoder: (name) => {
      throw new Error(`${name} is not run here.`);
    },
    component: () => {
      throw new Error('Components are not run by name here.');
    },
  };
}

const ARRAYS = { float32: Float32Array, int64: BigInt64Array } as const;

function graphOf(session: InferenceSession, inputs: readonly Value[]): Graph {
  return {
    inputs,
    async run(given, { onCompute }) {
      const feeds = Object.entries(given).map(([name, { dtype, dims, data }]) => {
        if (dtype !== 'float32' && dtype !== 'int64') throw new Error(`${name} is ${dtype}.`);
        return [name, new Tensor(dtype, new ARRAYS[dtype](data) as never, dims)] as const;
      });
      const results = (await session.run(Object.fromEntries(feeds))) as Record<string, Tensor>;
      onCompute(1);
      return Object.fromEntries(
        Object.entries(results).map(([name, { dims, data }]) => {
          if (!(data instanceof Float32Array)) throw new Error(`${name} is not float32.`);
          return [name, { dtype: 'float32' as const, dims: [...dims], data: Float32Array.from(data).buffer }];
        }),
      );
    },
  };
}
