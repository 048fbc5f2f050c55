import type { WebplatError } from '../../../src/protocol/errors.ts';
import type { LoadProgress } from '../../../src/protocol/generation.ts';
import { createMutex } from '../../../src/shared/mutex.ts';
import { type OwnedDevice, openDevice, requestAdapter } from '../../device/gpu-device.ts';
import { createReadBack } from '../../device/read-back.ts';
import { DECODER_IO, type Precision } from '../../graphs/graph.ts';
import { createArtifactStore } from '../../store/artifacts.ts';
import { openPrivateFiles } from '../../store/files.ts';
import type { ModelReader } from '../../store/model-reader.ts';
import type { Decoder } from '../../tasks/decoder.ts';
import { createTextTokenizer, type TextTokenizer } from '../../tasks/tokenizer.ts';
import type { MemoryUse } from '../engine.ts';
import { createDeviceCache, createHostCache } from './caches.ts';
import { type CompiledDecoder, compileModel, readTextFiles } from './compile.ts';
import { RUNTIME_VERSION } from './compiled-key.ts';
import { createOrtDecoder, warmUp } from './decoder.ts';
import { createSession, loadRuntime, type Runtime } from './runtime.ts';
import type { Tier } from './tiers.ts';

export interface LoadRequest {
  readonly tier: Tier;
  readonly contentHash: string;
  readonly files: ModelReader;
  readonly precision: Precision;
  readonly assetBase: URL;
  readonly signal: AbortSignal;
  onProgress(progress: LoadProgress): void;
  /** Asks for memory; answers the budget that stands in the way, or undefined when it is granted. */
  admit(need: MemoryUse): Promise<number | undefined>;
}

export interface RunningModel {
  readonly decoder: Decoder;
  readonly tokenizer: TextTokenizer;
  readonly adapter?: string;
  readonly maxSequences: number;
  /** Settles when the device is lost or cannot be trusted any more. */
  readonly broken: Promise<WebplatError>;
  memory(): MemoryUse;
}

/** The tier cannot run the model; another one may. */
export class TierRefused extends Error {}

/**
 * Loads a model in this realm. A realm is good for one attempt: a runtime that failed to start a device cannot start one
 * again.
 *
 * @throws WebplatError for what is wrong with the model, {@link TierRefused} for what is wrong with the tier.
 */
export async function loadModel(request: LoadRequest): Promise<RunningModel> {
  const { contentHash, files, precision, signal, onProgress, tier, assetBase, admit } = request;
  const texts = await readTextFiles(files);
  const runtime = await refuseOnError(loadRuntime(tier, assetBase));
  const compiled = await compileModel(files, texts.config, {
    contentHash,
    tier,
    precision,
    admit,
    runtime: RUNTIME_VERSION,
    store: createArtifactStore(await openPrivateFiles()),
    signal,
    onProgress,
  });
  const tokenizer = createTextTokenizer(texts, compiled.candidate.graph.shape.vocabularySize);
  onProgress({ phase: 'compile', fraction: 0 });
  return { tokenizer, ...(await refuseOnError(start(tier, runtime, compiled))) };
}

async function refuseOnError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new TierRefused(error instanceof Error ? error.message : String(error));
  }
}

async function start(
  tier: Tier,
  runtime: Runtime,
  { artifact, candidate }: CompiledDecoder,
): Promise<Omit<RunningModel, 'tokenizer'>> {
  const { graph, storage, maxSequences } = candidate;
  const { shape } = graph;
  const owned = tier === 'wasm' ? undefined : await openOwnDevice();
  const presents = Array.from({ length: shape.layers }, (_, layer) => [
    DECODER_IO.present(layer, 'key'),
    DECODER_IO.present(layer, 'value'),
  ]).flat();
  const session = await createSession(runtime, tier, artifact, {
    ...(owned && { device: owned.device, onDevice: presents }),
    ...(storage.cacheBits && { cacheBits: storage.cacheBits }),
  });
  const decoder = createOrtDecoder({
    ort: runtime.ort,
    session,
    shape,
    mutex: createMutex(),
    readBack: owned ? await createReadBack(owned.device) : (work) => work(),
    maxSequences,
    diagnose: async () => owned?.diagnose(),
    makeCache: async () =>
      owned ? createDeviceCache(runtime.ort, owned.device, shape, storage) : createHostCache(runtime.ort, shape),
  });
  const broken = owned?.broken ?? new Promise<never>(() => {});
  await Promise.race([warmUp(decoder), broken.then((error) => Promise.reject(error))]);
  return {
    decoder,
    maxSequences,
    ...(owned && { adapter: owned.adapterName }),
    broken,
    memory: () => ({ gpuBytes: owned?.bytes() ?? 0, cpuBytes: runtime.heapBytes() }),
  };
}

async function openOwnDevice(): Promise<OwnedDevice> {
  const adapter = await requestAdapter();
  if (!adapter) throw new TierRefused('No graphics adapter answered the worker.');
  return openDevice(adapter);
}
