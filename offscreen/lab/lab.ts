import { callMethod } from '../../src/protocol/call.ts';
import { createPortClient, type PortClient } from '../../src/protocol/client.ts';
import { run } from '../../src/protocol/data/run.ts';
import { stream } from '../../src/protocol/data/stream.ts';
import type { Method, ParamsOf } from '../../src/protocol/define.ts';
import type { GenerationResult, InferParams, LoadProgress } from '../../src/protocol/generation.ts';
import type { HostStatus } from '../../src/protocol/host/host-status.ts';
import type { ModelCard } from '../../src/protocol/model.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../src/protocol/settings.ts';
import type { TensorMap } from '../../src/protocol/tensor.ts';
import { randomToken } from '../../src/shared/ids.ts';
import type { Logger } from '../../src/shared/logger.ts';
import { fromMessagePort } from '../../src/shared/port.ts';
import { createHost, type Host } from '../host.ts';
import { measureReadBackTimes, type ReadBackTimes } from './read-back-times.ts';

/** What a caller of the lab may pass besides the request. */
export interface LabCall {
  readonly signal?: AbortSignal;
  onText?(text: string): void;
  onProgress?(progress: LoadProgress): void;
}

/** The host with everything allowed and nobody in between; what browsers without the extension are compared with. */
export interface Lab {
  readonly host: Host;
  readonly client: PortClient;
  models(): Promise<readonly ModelCard[]>;
  status(): Promise<HostStatus>;
  configure(settings: Partial<Settings>): Promise<void>;
  unload(model: string): Promise<void>;
  /** What a read-back from the device costs in this browser, with and without the remedy for those that poll. */
  readBackTimes(rounds: number): Promise<ReadBackTimes>;
  /** Streams one generation over the same port protocol that pages use. */
  stream(request: InferParams, call?: LabCall): Promise<GenerationResult>;
  /** Runs a graph of a model once on raw tensors. */
  run(request: ParamsOf<typeof run>): Promise<TensorMap>;
}

/** Starts a host in this page and opens one session that may do everything. */
export async function createLab(assetBase: URL, logger: Logger): Promise<Lab> {
  const host = createHost({
    assetBase,
    logger,
    // Nobody keeps counters here; the empty object is what each of the reports answers.
    report: async () => ({}) as never,
  });
  const tell = <M extends Method>(method: M['name'], params: ParamsOf<M>) =>
    host.dispatch('background', method, params, undefined);
  await tell('host.hello', { settings: DEFAULT_SETTINGS, sites: [] });
  const token = randomToken();
  await tell('host.session.start', {
    token,
    subject: { invoker: location.origin, topOrigin: location.origin },
    grants: [ALLOW_ALL],
    usedComputeMs: 0,
    dayEndsAt: Number.MAX_SAFE_INTEGER,
  });
  const { port1, port2 } = new MessageChannel();
  host.attach(token, fromMessagePort(port2));
  const client = createPortClient(fromMessagePort(port1), { onEvent() {}, onClose() {} });
  let settings: Settings = DEFAULT_SETTINGS;
  return {
    host,
    client,
    models: async () => ((await tell('host.models', {})) as { models: ModelCard[] }).models,
    status: async () => (await tell('host.status', {})) as HostStatus,
    async configure(changes) {
      settings = { ...settings, ...changes };
      await tell('host.settings', settings);
    },
    unload: async (model) => void (await tell('host.unload', { model })),
    readBackTimes: measureReadBackTimes,
    run: async (request) => (await callMethod(client, run, request)).outputs,
    stream: (request, call) => streamText(client, request, call),
  };
}

const ALLOW_ALL = {
  models: '*',
  tasks: '*',
  maxConcurrent: 64,
  maxRatePerMinute: 100_000,
  maxTokens: 32_768,
  maxMemoryBytes: 2 ** 40,
  maxComputeMsPerDay: 86_400_000,
  expiry: 'never',
  topLevelOnly: false,
} as const;

function streamText(client: PortClient, params: InferParams, call: LabCall = {}): Promise<GenerationResult> {
  return callMethod(client, stream, params, {
    ...(call.signal && { signal: call.signal }),
    onChunk(chunk) {
      if ('text' in chunk) call.onText?.(chunk.text);
      else call.onProgress?.(chunk);
    },
  });
}
