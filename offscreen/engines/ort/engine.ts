import * as v from 'valibot';
import { fromWireError, WebplatError } from '../../../src/protocol/errors.ts';
import type { Precision } from '../../../src/protocol/hardware-names.ts';
import type { PassedTier } from '../../../src/protocol/model.ts';
import { onAbort } from '../../../src/shared/abort.ts';
import { type Capabilities, probeCapabilities } from '../../device/capabilities.ts';
import type { Busy } from '../../schedule/busy.ts';
import type { ModelManifest } from '../../store/manifest.ts';
import type { Engine, LoadedModel, LoadOptions } from '../engine.ts';
import { createToldAdapters } from './adapters/told-adapters.ts';
import { createAttendant } from './attend.ts';
import { createWorkerModel } from './client.ts';
import { FromWorker, type ToWorker } from './messages.ts';
import { RUNTIME_BYTES } from './plan.ts';
import { backendOfTier, planTiers, TIER_LABELS, type Tier, webnnDeviceOf } from './tiers.ts';

export interface OrtEngineOptions {
  /** Where packaged files lie: the runtime in `ort/` below it. */
  readonly assetBase: URL;
  /** How linear layers are stored where the request does not say; chosen for each tier if left out. */
  readonly precision?: Precision;
  /** Loads one component after the other: what loading in parallel is compared with. */
  readonly inSequence?: boolean;
  /** Whether requests are computed: conversion lets them go first. Nobody says so, if left out. */
  readonly busy?: Busy;
  /** Starts the worker that holds one model. */
  readonly spawn?: () => Worker;
  readonly capabilities?: () => Promise<Capabilities>;
}

const spawnWorker = () =>
  new Worker(new URL('../worker.ts', import.meta.url), { type: 'module', name: 'webplat model' });

/** Runs graphs on onnxruntime-web, each model in a worker of its own, on the best tier that works. */
export function createOrtEngine(options: OrtEngineOptions): Engine {
  const { capabilities: probe = probeCapabilities } = options;
  let capabilities: Promise<Capabilities> | undefined;
  return {
    name: 'ort',
    estimate: ({ card }) => ({ gpuBytes: card.residentBytes, cpuBytes: card.residentBytes + RUNTIME_BYTES }),
    async load(manifest, loadOptions) {
      loadOptions.signal.throwIfAborted();
      capabilities ??= probe();
      const { tiers, passedOver } = planTiers(loadOptions.backend, await capabilities, loadOptions.hardware);
      const { precision = options.precision } = loadOptions.hardware ?? {};
      return climb(tiers, passedOver, manifest, { ...options, ...(precision && { precision }) }, loadOptions);
    },
  };
}

/** Tries one tier after the other, each in a fresh worker: what a failed start left behind ends with its worker. */
async function climb(
  tiers: readonly Tier[],
  skipped: readonly PassedTier[],
  manifest: ModelManifest,
  options: OrtEngineOptions,
  loadOptions: LoadOptions,
): Promise<LoadedModel> {
  const passedOver = [...skipped];
  for (const tier of tiers) {
    const outcome = await attempt(tier, passedOver, manifest, options, loadOptions);
    if ('model' in outcome) return outcome.model;
    passedOver.push({ tier: TIER_LABELS[tier], reason: outcome.reason });
  }
  const reason = passedOver.map((passed) => `${passed.tier}: ${passed.reason}`).join(' ');
  throw new WebplatError('no-backend', undefined, { reason: reason.slice(0, 512) });
}

type Outcome = { readonly model: LoadedModel } | { readonly reason: string };

/** One worker, one tier. Rejects when no other tier could do better: the model is at fault, or nobody waits any more. */
function attempt(
  tier: Tier,
  passedOver: readonly PassedTier[],
  manifest: ModelManifest,
  { assetBase, precision, inSequence = false, busy, spawn = spawnWorker }: OrtEngineOptions,
  loadOptions: LoadOptions,
): Promise<Outcome> {
  const { signal } = loadOptions;
  if (manifest.base && webnnDeviceOf(tier)) return Promise.resolve({ reason: 'Adapters do not run on WebNN.' });
  const worker = spawn();
  const adapters = createToldAdapters(worker);
  const attendant = createAttendant(worker, loadOptions, adapters.filesOf);
  return new Promise<Outcome>((resolve, reject) => {
    const stopListening = onAbort(signal, (reason) => give(() => reject(reason)));
    function give(settle: () => void): void {
      stopListening();
      worker.terminate();
      attendant.end();
      settle();
    }
    const refuse = (reason: string) => give(() => resolve({ reason }));
    function receive(message: FromWorker): void {
      if (attendant.attend(message)) return;
      if (message.kind === 'refused') refuse(message.reason);
      else if (message.kind === 'failed') give(() => reject(fromWireError(message.error)));
      else if (message.kind === 'loaded') {
        stopListening();
        const { adapter, state } = message;
        if (use.adapter !== undefined) adapters.begin(use.adapter)(true);
        const info = {
          backend: backendOfTier(tier),
          tier: TIER_LABELS[tier],
          passedOver,
          ...(adapter && { adapter }),
        };
        resolve({ model: createWorkerModel({ worker, info, state, use, adapters, attendant }) });
      }
    }
    worker.onmessage = ({ data }) => {
      const message = v.safeParse(FromWorker, data);
      if (message.success) receive(message.output);
      else refuse('The worker answered with something else.');
    };
    worker.onerror = (event) => {
      event.preventDefault();
      refuse(`The worker stopped: ${event.message ?? 'it could not be started'}`.slice(0, 512));
    };
    const { files, base } = manifest;
    const adapter = base && adapters.adapterOf(manifest, () => loadOptions.files);
    const use = { ...loadOptions.use, ...(adapter !== undefined && { adapter }) };
    const load: ToWorker = {
      kind: 'load',
      tier,
      ...(precision && { precision }),
      use,
      inSequence,
      assetBase: assetBase.href,
      manifest: {
        contentHash: (base ?? manifest).contentHash,
        files: files.map(({ path, bytes }) => ({ path, bytes })),
      },
    };
    worker.postMessage(load);
    const tellBusy = (now: boolean) => worker.postMessage({ kind: 'busy', busy: now } satisfies ToWorker);
    if (busy?.now) tellBusy(true);
    busy?.watch(tellBusy, signal);
  });
}
