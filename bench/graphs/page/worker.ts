import type { InferenceSession } from 'onnxruntime-common';
import { type OwnedDevice, openDevice, requestAdapter } from '../../../offscreen/device/gpu-device.ts';
import { toOrt } from '../../../offscreen/engines/ort/graph-runner.ts';
import { createSession, loadRuntime, type Runtime, type Tensor } from '../../../offscreen/engines/ort/runtime.ts';
import { type Competitor, serveCompetitor } from './messages.ts';
import { wireFeeds } from './wire-feeds.ts';

/** A graph on the product's build of the runtime, with the product's session options. */
let runtime: Runtime | undefined;
let session: InferenceSession | undefined;
let feeds: Record<string, Tensor> = {};
let output = '';

const fetched = async (url: string): Promise<Blob> => (await fetch(url)).blob();

const competitor: Competitor = {
  async load(request) {
    const tier = request.backend === 'wasm' ? 'wasm' : 'jspi';
    const assetBase = new URL('../', import.meta.url);
    const [loaded, owned, model, ...parts] = await Promise.all([
      loadRuntime(tier, assetBase),
      request.backend === 'wasm' ? undefined : openOwnDevice(),
      ...['model.onnx', ...request.files].map((file) => fetched(new URL(`${request.folder}/${file}`, assetBase).href)),
    ]);
    if (!model) throw new Error('There is no model.');
    runtime = loaded;
    const artifact = {
      model: new Uint8Array(await model.arrayBuffer()),
      parts: parts.map((data, at) => ({ file: request.files[at] ?? '', data })),
    };
    session = await createSession(runtime, tier, artifact, owned ? { owned } : {});
    const { ort } = runtime;
    const wire = Object.entries(wireFeeds(request.feeds));
    feeds = Object.fromEntries(wire.map(([name, tensor]) => [name, toOrt(ort, tensor)]));
    output = request.output;
  },
  async run() {
    const results = await session?.run(feeds);
    const values = (await results?.[output]?.getData()) as Float32Array;
    const copy = values.slice();
    for (const tensor of Object.values(results ?? {})) tensor.dispose();
    return copy;
  },
  heapBytes: () => runtime?.heapBytes() ?? 0,
};

async function openOwnDevice(): Promise<OwnedDevice> {
  const adapter = await requestAdapter();
  if (!adapter) throw new Error('No graphics adapter answered.');
  return openDevice(adapter);
}

serveCompetitor(competitor);
