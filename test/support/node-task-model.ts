import { readFile } from 'node:fs/promises';
import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { createHostCache } from '../../offscreen/engines/ort/caches.ts';
import { createHostCross } from '../../offscreen/engines/ort/cross-cache.ts';
import { createOrtDecoder } from '../../offscreen/engines/ort/decoder.ts';
import { readModelTexts } from '../../offscreen/engines/ort/model-texts.ts';
import type { OrtModule } from '../../offscreen/engines/ort/runtime.ts';
import { COMPONENTS, type ComponentName, isGraphFile } from '../../offscreen/families/family.ts';
import { familyOf } from '../../offscreen/families/registry.ts';
import type { Value } from '../../offscreen/graphs/build/value.ts';
import { type DecoderShape, type Storage, storageOf } from '../../offscreen/graphs/graph.ts';
import type { Decoder } from '../../offscreen/tasks/decoder.ts';
import type { Graph } from '../../offscreen/tasks/graph.ts';
import type { TaskModel } from '../../offscreen/tasks/task-model.ts';
import { createMutex } from '../../src/shared/mutex.ts';
import { openFolder, openNodeSession } from './node-graphs.ts';

/** A model of a folder that runs on onnxruntime's native CPU kernels, for tests of tasks. */
export async function openTaskModel(folder: string, storage: Storage = storageOf('fp32')): Promise<TaskModel> {
  const json = async (path: string): Promise<unknown> => {
    const text = await readFile(`${folder}/${path}`, 'utf8').catch(() => undefined);
    return text === undefined ? undefined : JSON.parse(text);
  };
  const texts = await readModelTexts({ json });
  const { config } = texts;
  const { table, reader } = await openFolder(folder);
  const { components } = familyOf(config);
  const sessions = new Map<ComponentName, InferenceSession>();
  const graphs = new Map<ComponentName, Graph>();
  const decoders = new Map<ComponentName, Decoder>();
  const required = <T>(from: ReadonlyMap<ComponentName, T>, name: ComponentName): T => {
    const found = from.get(name);
    if (!found) throw new Error(`There is no ${name} of this kind.`);
    return found;
  };
  for (const name of COMPONENTS) {
    const emitted = components[name]?.(config, table, storage);
    if (!emitted) continue;
    const session = await openNodeSession(emitted, reader);
    sessions.set(name, session);
    if (emitted.shape)
      decoders.set(
        name,
        decoderOf(session, emitted.shape, () => required(sessions, 'cross')),
      );
    else graphs.set(name, graphOf(session, emitted.inputs));
  }
  return {
    ...texts,
    has: (name) => !isGraphFile(name) && components[name] !== undefined,
    graph: (name) => required(graphs, name),
    decoder: (name) => required(decoders, name),
    component: () => {
      throw new Error('Components are not run by name here.');
    },
  };
}

/** The engine's own decoder, on the native runtime: it needs nothing of it but tensors. */
function decoderOf(session: InferenceSession, shape: DecoderShape, cross: () => InferenceSession): Decoder {
  const ort = { Tensor } as unknown as OrtModule;
  const { encoder } = shape;
  return createOrtDecoder({
    ort,
    mutex: createMutex(),
    readBack: (work) => work(),
    diagnose: async () => undefined,
    session: session as never,
    shape,
    maxSequences: 4,
    makeCache: async () => createHostCache(ort, shape),
    ...(encoder && {
      cross: {
        make: async (states: number) => createHostCross(ort, { ...shape, encoder }, states),
        session: () => cross() as never,
      },
    }),
  });
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
