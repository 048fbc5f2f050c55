import { WebplatError } from '../../src/protocol/errors.ts';
import type { LoadProgress } from '../../src/protocol/generation.ts';
import type { CaveatValues } from '../../src/protocol/grant.ts';
import type { Hardware } from '../../src/protocol/hardware.ts';
import type { Clock } from '../../src/shared/clock.ts';
import type { LoadedModel } from '../engines/engine.ts';
import type { MediaDecoders } from '../media/decode-input.ts';
import type { Pool } from '../pool/pool.ts';
import type { Wanted } from '../pool/resident.ts';
import type { Scheduler } from '../schedule/scheduler.ts';
import { firstAllowed, grantsFor, type Need } from '../sessions/authorize.ts';
import { type Cancellable, type OpenRequest, openRequest, type Session } from '../sessions/session.ts';
import { computeUsedUp, siteKey } from '../sessions/site-ledger.ts';
import type { UsageReporter } from '../sessions/usage-reporter.ts';
import type { ModelManifest, ModelSource } from '../store/manifest.ts';

/** What the handlers of data methods work with; the host composes it. */
export interface Services {
  readonly source: ModelSource;
  readonly pool: Pool;
  readonly scheduler: Scheduler;
  readonly usage: UsageReporter;
  /** Reads the files that sites send as pictures, sounds and videos. */
  readonly media: MediaDecoders;
  readonly now: Clock;
  /** Tokens of the sessions that belong to the same site, the given one included. */
  siblings(session: Session): ReadonlySet<string>;
  /** Bytes of the tensors that all documents of the session's site keep. */
  keptBytes(session: Session): number;
  /** Notes which site uses a model, so that it is kept for it. */
  noteSite(model: string, site: string): void;
}

/** What a request asks for, before anything is loaded. */
export interface ExecuteRequest extends Need {
  /** The graph that tensors are run on, of a model that has several. */
  readonly graph?: string | undefined;
  readonly hardware?: Hardware | undefined;
  /** New tokens asked for; undefined takes what the grant allows. */
  readonly newTokens?: number | undefined;
  /** Work that needs no model and may take long, done before the request takes a place in the queue. */
  prepare?(signal: AbortSignal): Promise<void>;
}

/** The call that a request came with. */
export interface ExecuteCall extends Cancellable {
  progress(progress: LoadProgress): void;
}

/** What a request may use while it runs. */
export interface Execution {
  readonly model: LoadedModel;
  readonly signal: AbortSignal;
  /** New tokens that the grant allows, at most those asked for. */
  readonly maxNewTokens: number;
  /** To be called with the device time spent so far; ends the request when the day's allowance is used up. */
  onCompute(totalMs: number): void;
  /** @throws {@link WebplatError} `limit-memory` if the site would hold more than the grant allows with `bytes` more */
  assertRoom(bytes: number): void;
  /** Counts tokens as they come, so that an aborted request is metered too. */
  onTokens(count: number): void;
}

/**
 * Takes a request through the host: session check, limits, load, queue, run, metering. Everything taken is given back
 * whichever way `work` ends.
 *
 * @throws {@link WebplatError} naming the limit or permission that stands in the way.
 */
export async function execute<T>(
  services: Services,
  session: Session,
  request: ExecuteRequest,
  call: ExecuteCall,
  work: (execution: Execution) => Promise<T>,
): Promise<T> {
  const manifest = await resolveModel(services, session, request, call.signal);
  const admitted = admit(services, session, request, manifest);
  const { signal } = call;
  const life = openRequest(session, request, call);
  const cleanup: (() => void)[] = [admitted.end, life.close];
  const meter = createMeter(services, session, admitted.caveats, life.request);
  try {
    const lease = await services.pool.acquire(manifest, {
      holder: session.token,
      use: { task: request.task, graph: request.graph },
      hardware: request.hardware,
      signal,
      onProgress: call.progress,
    });
    cleanup.push(lease.release);
    await request.prepare?.(signal);
    const slot = await services.scheduler.enter({
      model: lease.key,
      slots: lease.model.info.maxSequences,
      site: siteKey(session.terms.subject),
      signal,
    });
    cleanup.push(slot.end, lease.begin());
    signal.throwIfAborted();
    return await work({
      model: lease.model,
      signal,
      maxNewTokens: request.newTokens ?? admitted.caveats.maxTokens,
      onCompute: (totalMs) => slot.charge(meter.compute(totalMs)),
      onTokens: meter.tokens,
      assertRoom(bytes) {
        const held = services.pool.heldBytes(services.siblings(session)) + services.keptBytes(session);
        assertWithin(admitted.caveats, held + bytes);
      },
    });
  } finally {
    for (const undo of cleanup.reverse()) undo();
    meter.close();
  }
}

/** What results say of where they were computed. */
export function whereOf({ info: { backend, adapter, precision, streaming } }: LoadedModel) {
  return {
    backend,
    ...(adapter && { adapter }),
    ...(precision && { precision }),
    ...(streaming && { streamed: true as const }),
  };
}

/**
 * The model's manifest, if the session may use it for the task.
 *
 * @throws {@link WebplatError} permission errors first, so that an unpermitted name tells nothing about the model.
 */
export async function resolveModel(
  services: Services,
  session: Session,
  need: Need & { readonly hardware?: Hardware | undefined },
  signal: AbortSignal,
): Promise<ModelManifest> {
  grantsFor(session.terms.grants, need, services.now());
  const manifest = await services.source.resolve(need.model, signal);
  if (!manifest) throw new WebplatError('unknown-model');
  if (!manifest.card.tasks.includes(need.task)) {
    throw new WebplatError('model-unsupported', undefined, { reason: `The model does not do ${need.task}.` });
  }
  assertFamily(manifest, need.hardware?.family);
  if (manifest.card.source !== 'packaged') services.noteSite(manifest.card.name, siteKey(session.terms.subject));
  return manifest;
}

function assertFamily({ card }: ModelManifest, wanted: string | undefined): void {
  const family = card.hardware?.family;
  if (wanted === undefined || wanted === family) return;
  const reason =
    family === undefined ? 'Its architecture is not known.' : `It is of the family ${family}, not ${wanted}.`;
  throw new WebplatError('model-unsupported', undefined, { reason });
}

function admit(services: Services, session: Session, request: ExecuteRequest, manifest: ModelManifest) {
  const now = services.now();
  return firstAllowed(grantsFor(session.terms.grants, request, now), (caveats) => {
    assertTokens(caveats, request.newTokens);
    assertMemory(services, session, caveats, { manifest, hardware: request.hardware });
    return { caveats, end: session.site.begin(caveats, now) };
  });
}

function assertTokens(caveats: CaveatValues, requested: number | undefined): void {
  if (requested === undefined || requested <= caveats.maxTokens) return;
  throw new WebplatError('limit-tokens', undefined, { requested, quota: caveats.maxTokens });
}

/** @throws {@link WebplatError} `limit-memory` if the site would hold more than `caveats` allow. */
export function assertMemory(services: Services, session: Session, caveats: CaveatValues, wanted: Wanted): void {
  const need = services.pool.estimate(wanted.manifest, wanted.hardware);
  const held = services.pool.heldBytes(services.siblings(session), wanted) + services.keptBytes(session);
  assertWithin(caveats, need.gpuBytes + need.cpuBytes + held);
}

function assertWithin(caveats: CaveatValues, requested: number): void {
  if (requested <= caveats.maxMemoryBytes) return;
  throw new WebplatError('limit-memory', undefined, { requested, quota: caveats.maxMemoryBytes });
}

function createMeter(services: Services, session: Session, caveats: CaveatValues, request: OpenRequest) {
  let seenMs = 0;
  let tokens = 0;
  return {
    /** Takes a running total, charges what is new and returns it. */
    compute(totalMs: number): number {
      const spentMs = Math.max(0, totalMs - seenMs);
      seenMs += spentMs;
      session.used.computeMs += spentMs;
      if (session.site.charge(spentMs, caveats, services.now())) {
        request.abort(computeUsedUp(caveats, session.terms.dayEndsAt - services.now()));
      }
      return spentMs;
    },
    tokens(count: number): void {
      tokens += count;
      session.used.tokens += count;
      // What writes piece by piece, such as a transcript, is not told beforehand how many there will be.
      if (tokens > caveats.maxTokens) {
        const figures = { requested: tokens, quota: caveats.maxTokens };
        request.abort(new WebplatError('limit-tokens', undefined, figures));
      }
    },
    close(): void {
      session.used.calls += 1;
      const residentBytes = services.pool.heldBytes(new Set([session.token])) + session.kept.bytes;
      services.usage.add(session.token, { calls: 1, tokens, computeMs: seenMs, residentBytes });
    },
  };
}
