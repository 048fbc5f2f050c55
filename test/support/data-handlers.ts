import { expect } from 'vitest';
import { createDataHandlers } from '../../offscreen/handlers/data-handlers.ts';
import type { Services } from '../../offscreen/handlers/execute.ts';
import { createPool } from '../../offscreen/pool/pool.ts';
import { createScheduler } from '../../offscreen/schedule/scheduler.ts';
import { createSessions } from '../../offscreen/sessions/sessions.ts';
import { createUsageReporter } from '../../offscreen/sessions/usage-reporter.ts';
import type { ModelManifest } from '../../offscreen/store/manifest.ts';
import { WebplatError } from '../../src/protocol/errors.ts';
import { DEFAULT_SETTINGS } from '../../src/protocol/settings.ts';
import { type FakeEngineOptions, makeFakeEngine, makeFakeTime, makeManifest, NO_FILES } from './fake-engine.ts';
import { makeTerms } from './make-terms.ts';

const quiet = { info() {}, warn() {}, error() {} };

const noMedia = async () => expect.fail('There is nothing to decode.');

/** A host's data methods for one session, on a fake engine with the model `packaged:m`. */
export function setUp(engineOptions: FakeEngineOptions = {}, terms = makeTerms()) {
  const engine = makeFakeEngine(engineOptions);
  const time = makeFakeTime();
  const reports: unknown[] = [];
  const models = new Map<string, ModelManifest>([['packaged:m', makeManifest('packaged:m')]]);
  const expired: string[] = [];
  const noted: string[] = [];
  const sessions = createSessions({ now: time.now, later: time.later, onExpired: (token) => expired.push(token) });
  const usage = createUsageReporter({
    instance: 'i',
    later: time.later,
    logger: quiet,
    send: async ({ entries }) => reports.push(...entries),
  });
  const services: Services = {
    source: {
      list: async () => [...models.values()],
      resolve: async (name) => models.get(name),
      open: () => NO_FILES,
    },
    pool: createPool({
      engines: [engine],
      openFiles: () => NO_FILES,
      settings: DEFAULT_SETTINGS,
      logger: quiet,
      now: time.now,
      later: time.later,
    }),
    scheduler: createScheduler(),
    usage,
    media: { picture: noMedia, sound: noMedia, video: noMedia },
    now: time.now,
    siblings: sessions.siblings,
    keptBytes: sessions.keptBytes,
    noteSite: (model, site) => void noted.push(`${model} for ${site}`),
  };
  sessions.start(terms);
  const session = sessions.get(terms.token);
  if (!session) throw new Error('the session was just started');
  const handlers = createDataHandlers(services, session);
  return { engine, time, reports, expired, noted, models, sessions, services, session, handlers, terms, usage };
}

/** A call, its abort, and the texts that it was sent. */
export function makeCall() {
  const controller = new AbortController();
  const texts: string[] = [];
  const abort = (reason = new WebplatError('aborted')) => controller.abort(reason);
  const text = (chunk: { text: string }) => void texts.push(chunk.text);
  return { texts, abort, call: { signal: controller.signal, abort, progress() {}, text } };
}
