import { createDispatch, type Handlers } from '../../src/protocol/dispatch.ts';
import { WebplatError } from '../../src/protocol/errors.ts';
import { answerFiles, type OpenFilesPort } from '../../src/protocol/files-call.ts';
import type { Subject } from '../../src/protocol/grant.ts';
import { replyTo, type SendOneShot } from '../../src/protocol/message.ts';
import { FILES_METHODS, UI_METHODS } from '../../src/protocol/methods.ts';
import type { Job, StoreState } from '../../src/protocol/store.ts';
import type { SiteView } from '../../src/protocol/ui/views.ts';
import { fromMessagePort } from '../../src/shared/port.ts';
import { DEFAULT_SETTINGS, ECHO, NOW, STORYTELLER } from './fake-state.ts';
import { SCENARIOS } from './scenarios.ts';

/** Stands in for `src/ui/environment.ts`: the same messages, answered from a scenario that lives in the page. */
const scenario = SCENARIOS[new URLSearchParams(location.search).get('scenario') ?? 'usual'] ?? {};
let prompt = scenario.prompt ?? null;
let sites: readonly SiteView[] = scenario.sites ?? [];
let host = scenario.host;
let settings = scenario.settings ?? DEFAULT_SETTINGS;
const EMPTY_STORE: StoreState = {
  models: [],
  downloads: [],
  jobs: [],
  filesBytes: 0,
  compiledBytes: 0,
  persisted: true,
  available: true,
};
let store = scenario.store ?? EMPTY_STORE;
const listeners = new Set<() => void>();
const changed = () => {
  for (const listener of listeners) listener();
};

const same = (a: Subject, b: Subject) => a.invoker === b.invoker && a.topOrigin === b.topOrigin;
const edit = (edited: (site: SiteView) => SiteView) => {
  sites = sites.map(edited);
  queueMicrotask(changed);
};

const handlers: Handlers<typeof UI_METHODS, undefined> = {
  'ui.prompt.get': () => ({ prompt }),
  'ui.prompt.answer': () => {
    const accepted = prompt !== null;
    prompt = null;
    return { accepted };
  },
  'ui.state': () => ({
    sites: [...sites],
    models: [STORYTELLER, ECHO],
    ...(host && { host }),
    settings,
    pinned: [...(scenario.pinned ?? [])],
    storeError: scenario.storeError ?? false,
  }),
  'ui.store': () => ({ ...store, hasToken: scenario.hasToken ?? false }),
  'ui.act': () => ({ outcome: 'done' }),
  'ui.job': () => ({ known: true }),
  'ui.token': () => ({}),
  'ui.tab': ({ origin }) => ({ sites: sites.filter(({ subject }) => subject.topOrigin === origin) }),
  'ui.stop': ({ subject }) => {
    let aborted = 0;
    edit((site) => {
      if (subject && !same(site.subject, subject)) return site;
      aborted += site.active;
      return { ...site, active: 0 };
    });
    return { aborted };
  },
  'ui.grant.revoke': (params) => {
    const gone = (id: string) => params.all || params.ids.includes(id);
    const revoked = sites.flatMap((site) => site.grants).filter((grant) => gone(grant.id)).length;
    edit((site) => ({ ...site, grants: site.grants.filter((grant) => !gone(grant.id)), active: 0 }));
    return { revoked };
  },
  'ui.grant.update': ({ id, caveats }) => {
    edit((site) => ({
      ...site,
      grants: site.grants.map((grant) =>
        grant.id === id
          ? {
              ...grant,
              caveats: grant.caveats.map(
                ({ type }) => ({ type, value: caveats[type] }) as (typeof grant.caveats)[number],
              ),
            }
          : grant,
      ),
    }));
    return { updated: true };
  },
  'ui.denial.clear': ({ subject }) => {
    edit((site) => {
      const { deniedUntil: _, ...rest } = site;
      return same(site.subject, subject) ? rest : site;
    });
    return {};
  },
  'ui.model.unload': ({ model }) => {
    if (host) host = { ...host, residents: host.residents.filter(({ name }) => name !== model) };
    queueMicrotask(changed);
    return { unloaded: true };
  },
  'ui.settings.set': (next) => {
    settings = next;
    queueMicrotask(changed);
    return {};
  },
};
const dispatch = createDispatch(UI_METHODS, handlers);

const files: Handlers<typeof FILES_METHODS, void> = {
  'files.export': () => ({ archive: new Blob(['an archive']) }),
  'files.import': ({ name, files }) => {
    sent.push({ method: 'files.import', params: { name, paths: files.map(({ path }) => path).sort() } });
    return { job: '0'.repeat(32) };
  },
  'files.inspect': async ({ archive }) => {
    if ((await archive.text()) === 'none') throw new WebplatError('files-refused', undefined, { reason: 'Not a tar.' });
    return { name: 'hf:org/exported', licence: 'mit', files: 5, bytes: 988_000_000 };
  },
  'files.restore': ({ name }) => {
    sent.push({ method: 'files.restore', params: { name } });
    return { job: '0'.repeat(32) };
  },
};
const filesDispatch = createDispatch<typeof FILES_METHODS, void>(FILES_METHODS, files);

/** Whether nobody answers, as while the extension restarts. */
let silent = false;

/** What the page sent, for tests to look at. */
const sent: { method: string; params: unknown }[] = [];

export const sendOneShot: SendOneShot = async (request) => {
  sent.push({ method: request.method, params: request.params });
  if (silent) throw new Error('Could not establish connection.');
  return replyTo(dispatch('ui', request.method, structuredClone(request.params), undefined));
};

export const openFilesPort: OpenFilesPort = async () => {
  const { port1, port2 } = new MessageChannel();
  answerFiles(fromMessagePort(port2), filesDispatch);
  return fromMessagePort(port1);
};

export function onUiChanged(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const activeTab = async () => ({ id: 1, url: scenario.tabUrl });

export const openManager = async () => {
  sent.push({ method: 'openManager', params: {} });
};

Object.assign(globalThis, {
  preview: {
    sent,
    setSilent(on: boolean) {
      silent = on;
    },
    /** Ends well all that is under way with files. */
    endJobs() {
      const ended = (job: Job): Job =>
        job.state === 'running' ? { ...job, state: 'done', doneFiles: 5, totalFiles: 5 } : job;
      store = { ...store, jobs: store.jobs.map(ended) };
      changed();
    },
    /** Replaces the pending prompt, as a merge or a withdrawal would. */
    setPrompt(next: typeof prompt) {
      prompt = next;
      changed();
    },
  },
});

const RealDate = Date;
/** The pages read the clock: pictures need it to stand still. */
globalThis.Date = class extends RealDate {
  constructor(...values: [] | [number | string]) {
    if (values.length === 0) super(NOW);
    else super(values[0]);
  }
  static override now = () => NOW;
} as DateConstructor;
