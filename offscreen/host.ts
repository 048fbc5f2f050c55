import type { Method, ParamsOf, ResultOf } from '../src/protocol/define.ts';
import { createDispatch, type Dispatch } from '../src/protocol/dispatch.ts';
import { ERRORS, WebplatError, type WireError } from '../src/protocol/errors.ts';
import { answerFiles } from '../src/protocol/files-call.ts';
import type { HostStatus } from '../src/protocol/host/host-status.ts';
import { FILES_METHODS, HOST_METHODS } from '../src/protocol/methods.ts';
import { reportGrantsExpired } from '../src/protocol/report/report-grants-expired.ts';
import { reportSessionClosed } from '../src/protocol/report/report-session-closed.ts';
import { reportUsage } from '../src/protocol/report/report-usage.ts';
import { DEFAULT_SETTINGS, type Settings } from '../src/protocol/settings.ts';
import { randomToken } from '../src/shared/ids.ts';
import type { Logger } from '../src/shared/logger.ts';
import type { DataPort } from '../src/shared/port.ts';
import { servePort } from './data/serve-port.ts';
import { measureAgentMemory } from './device/agent-memory.ts';
import { createHostMonitor } from './device/host-monitor.ts';
import { createEchoEngine } from './engines/echo/engine.ts';
import { isCurrentArtifact } from './engines/ort/compiled-key.ts';
import { createOrtEngine } from './engines/ort/engine.ts';
import { actOnStore } from './handlers/act-on-store.ts';
import { createDataHandlers } from './handlers/data-handlers.ts';
import type { Services } from './handlers/execute.ts';
import { createFilesHandlers } from './handlers/files-handlers.ts';
import { warmModels } from './handlers/warm-models.ts';
import { createMediaDecoders } from './media/decoders.ts';
import { watchMemory } from './pool/memory-watch.ts';
import { createPool, type Pool } from './pool/pool.ts';
import { countBusy, createBusySign } from './schedule/busy.ts';
import { createScheduler } from './schedule/scheduler.ts';
import { createSessions } from './sessions/sessions.ts';
import { createUsageReporter } from './sessions/usage-reporter.ts';
import { createStorage } from './store/storage.ts';

/** What surrounds a host. Nothing here is an extension API, so a plain page can supply it. */
export interface HostEnvironment {
  /** Where packaged files lie: `models/` and `ort/` below it. */
  readonly assetBase: URL;
  /** Tells the background something; rejects when it cannot be reached. */
  report<M extends Method>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>>;
  readonly logger: Logger;
  /** Downloads on one connection and loads the components of a model one after the other: what doing so in parallel is compared with. */
  readonly inSequence?: boolean;
}

export interface Host {
  /** Identifies this start of the host; a new one means that all sessions are gone. */
  readonly instance: string;
  /** The receiving end of the `host` channel. */
  readonly dispatch: Dispatch<void>;
  /**
   * Serves a session on a page's port. A second port replaces the first. `origin` is what the browser said of the port's
   * other end, where it says anything: it must be the session's.
   *
   * @returns false when there is no such session; the port is closed then.
   */
  attach(token: string, port: DataPort, origin?: string): boolean;
  /** Answers one request of the `files` channel on a port of the manager, which the background vouches for. */
  serveFiles(port: DataPort): void;
  dispose(): Promise<void>;
}

const ENDED: WireError = { code: 'session-ended', message: ERRORS['session-ended'].remedy };

/** A model that a site asks for is looked up while the user waits. */
const DESCRIBE_WITHIN_MS = 15_000;

const later = (task: () => void, delayMs: number): (() => void) => {
  const timer = setTimeout(task, delayMs);
  return () => clearTimeout(timer);
};

/** Composes the host: engines, pool, scheduler, sessions, and the two channels that reach them. */
export function createHost({ assetBase, report, logger, inSequence = false }: HostEnvironment): Host {
  const instance = randomToken();
  const now = () => Date.now();
  const usage = createUsageReporter({ instance, later, logger, send: (batch) => report(reportUsage, batch) });
  let settings = DEFAULT_SETTINGS;
  let hubToken: string | undefined;
  const source = createStorage({
    assetBase,
    settings: () => settings.downloads,
    token: () => hubToken,
    isInUse: (contentHash) => pool.isResident(contentHash),
    isCurrent: isCurrentArtifact,
    logger,
    inSequence,
  });
  const busy = createBusySign();
  const pool: Pool = createPool({
    engines: [createOrtEngine({ assetBase, inSequence, busy }), createEchoEngine()],
    openFiles: (manifest, signal, onProgress) =>
      source.open(manifest, signal, (doneBytes, totalBytes) =>
        onProgress({ phase: 'download', doneBytes, totalBytes }),
      ),
    settings,
    logger,
    now,
    later,
  });
  const sessions = createSessions({
    now,
    later,
    onExpired(token) {
      report(reportGrantsExpired, { token }).catch(() =>
        logger.warn('the background did not hear that a grant ran out'),
      );
    },
  });
  const services: Services = {
    source,
    pool,
    scheduler: createScheduler(countBusy(busy, later)),
    usage,
    media: createMediaDecoders(),
    now,
    siblings: sessions.siblings,
    keptBytes: sessions.keptBytes,
    noteSite: source.noteSite,
  };
  const monitor = createHostMonitor();
  const ending = new AbortController();
  watchMemory({
    pool,
    measure: measureAgentMemory,
    budgetBytes: () => settings.cpuBudgetBytes,
    later,
    signal: ending.signal,
  });

  function applySettings(next: Settings): void {
    settings = next;
    void pool.applySettings(next);
    source.settingsChanged();
  }

  function keepSites(sites: readonly string[]): void {
    const kept = new Set(sites);
    source.keepSites((site) => kept.has(site)).catch(() => logger.warn('sites of models could not be checked'));
  }

  async function close(token: string): Promise<void> {
    if (!sessions.end(token, ENDED)) return;
    await usage.flush();
    await report(reportSessionClosed, { token });
  }

  async function status(): Promise<HostStatus> {
    const { gpuBytes, cpuBytes } = pool.memory();
    return {
      residents: [...pool.residents()],
      modelLoads: pool.modelLoads,
      gpuBytes,
      cpuBytes,
      ...(await monitor.read()),
      sessions: sessions.all().map(({ token, open, used, kept }) => ({
        token,
        active: open.size,
        ...used,
        residentBytes: pool.heldBytes(new Set([token])) + kept.bytes,
        models: [...pool.heldModels(token)],
      })),
    };
  }

  const dispatch = createDispatch<typeof HOST_METHODS, void>(HOST_METHODS, {
    'host.hello': ({ settings: given, token, sites }) => {
      hubToken = token;
      applySettings(given);
      keepSites(sites);
      return { instance, sessions: sessions.all().map(({ token }) => token) };
    },
    'host.session.start': (terms) => {
      sessions.start(terms);
      return {};
    },
    'host.session.end': async ({ token, reason }) => {
      const ended = sessions.end(token, reason);
      if (ended) void usage.flush();
      return { ended };
    },
    'host.models': async () => ({ models: (await source.list()).map(({ card }) => card) }),
    'host.status': status,
    'host.settings': (given) => {
      applySettings(given);
      return {};
    },
    'host.sites': ({ sites }) => {
      keepSites(sites);
      return {};
    },
    'host.token': ({ token }) => {
      hubToken = token;
      return {};
    },
    'host.describe': async ({ model }) => {
      const found = await source.describe(model, AbortSignal.timeout(DESCRIBE_WITHIN_MS));
      return found === 'private' ? { isPrivate: true } : { isPrivate: false, ...(found && { card: found }) };
    },
    'host.store': () => source.state(),
    'host.act': ({ model, act }) => actOnStore(source, model, act, logger),
    'host.warm': async ({ models }) => {
      // Goes on after the answer: loading may take longer than the background lives.
      warmModels({ source, pool, logger }, models, ending.signal).catch(() =>
        logger.warn('models could not be listed'),
      );
      return {};
    },
    'host.job': (act) => ({ known: source.actOnJob(act) }),
    'host.unload': async ({ model }) => ({ unloaded: await pool.unload(model) }),
    'host.stop': ({ tokens }) => ({ aborted: sessions.stop(tokens, new WebplatError('stopped')) }),
  });

  const files = createDispatch<typeof FILES_METHODS, void>(FILES_METHODS, createFilesHandlers(source.userFiles));

  return {
    instance,
    dispatch,
    serveFiles: (port) => answerFiles(port, files),
    attach(token, port, origin) {
      const session = sessions.get(token);
      if (!session || (origin !== undefined && origin !== session.terms.subject.invoker)) {
        port.close();
        return false;
      }
      session.port?.end(ENDED);
      const served = servePort(port, createDataHandlers(services, session), {
        onClose() {
          if (session.port !== served) return;
          close(token).catch(() => logger.warn('the background did not hear that a session closed'));
        },
      });
      session.port = served;
      return true;
    },
    async dispose() {
      ending.abort(new WebplatError('session-ended'));
      for (const { token } of sessions.all()) sessions.end(token, ENDED);
      await pool.dispose();
    },
  };
}
