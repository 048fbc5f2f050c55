import { createDispatch } from '../../src/protocol/dispatch.ts';
import type { SessionTerms } from '../../src/protocol/host/host-session-start.ts';
import { type OneShotReply, type OneShotRequest, replyTo } from '../../src/protocol/message.ts';
import { HOST_METHODS } from '../../src/protocol/methods.ts';
import type { ModelCard } from '../../src/protocol/model.ts';
import type { Settings } from '../../src/protocol/settings.ts';

const card = (name: string): ModelCard => ({
  name,
  title: name,
  description: '',
  licence: 'MIT',
  tasks: ['text-generation', 'tensors'],
  source: 'packaged',
  downloadBytes: 0,
  diskBytes: 1,
  residentBytes: 1,
});

/** A host that only keeps book. */
export class FakeHost {
  exists = false;
  instances = 0;
  settings: Settings | undefined;
  token: string | undefined;
  sites: readonly string[] = [];
  /** Models that the user's token alone shows, by name. */
  readonly hidden = new Set<string>();
  readonly acts: string[] = [];
  readonly warmed: string[] = [];
  readonly sessions = new Map<string, SessionTerms>();
  readonly ended: { token: string; code: string }[] = [];
  readonly models = [card('packaged:echo'), card('packaged:tiny')];
  readonly asked: string[] = [];

  ensure(): void {
    if (this.exists) return;
    this.exists = true;
    this.instances += 1;
    this.sessions.clear();
  }

  /** The document goes away, with everything it knew. */
  vanish(): void {
    this.exists = false;
    this.sessions.clear();
  }

  async send(request: OneShotRequest): Promise<OneShotReply> {
    if (!this.exists) throw new Error('Could not establish connection. Receiving end does not exist.');
    this.asked.push(request.method);
    return structuredClone(await replyTo(this.dispatch('background', request.method, request.params, undefined)));
  }

  private readonly dispatch = createDispatch<typeof HOST_METHODS, void>(HOST_METHODS, {
    'host.hello': ({ settings, token, sites }) => {
      this.settings = settings;
      this.token = token;
      this.sites = sites;
      return { instance: this.instances.toString(16).padStart(32, 'f'), sessions: [...this.sessions.keys()] };
    },
    'host.models': () => ({ models: this.models }),
    'host.session.start': (terms) => {
      this.sessions.set(terms.token, terms);
      return {};
    },
    'host.session.end': ({ token, reason }) => {
      this.ended.push({ token, code: reason.code });
      return { ended: this.sessions.delete(token) };
    },
    'host.settings': (settings) => {
      this.settings = settings;
      return {};
    },
    'host.sites': ({ sites }) => {
      this.sites = sites;
      return {};
    },
    'host.token': ({ token }) => {
      this.token = token;
      return {};
    },
    'host.describe': ({ model }) => {
      const card = this.models.find(({ name }) => name === model);
      return { isPrivate: this.hidden.has(model), ...(card && { card }) };
    },
    'host.store': () => ({
      models: [],
      downloads: [],
      jobs: [],
      filesBytes: 0,
      compiledBytes: 0,
      persisted: true,
      available: true,
    }),
    'host.act': ({ model, act }) => {
      this.acts.push(`${act} ${model}`);
      return { outcome: 'done' };
    },
    'host.status': () => ({
      residents: [],
      modelLoads: 0,
      gpuBytes: 0,
      cpuBytes: 0,
      tiers: ['wasm'],
      sessions: [...this.sessions.keys()].map((token) => ({
        token,
        active: 1,
        calls: 1,
        tokens: 1,
        computeMs: 1,
        residentBytes: 7,
        models: [],
      })),
    }),
    'host.warm': ({ models }) => {
      this.warmed.push(...models);
      return {};
    },
    'host.job': ({ job, act }) => {
      this.acts.push(`${act} ${job}`);
      return { known: true };
    },
    'host.stop': ({ tokens }) => ({ aborted: tokens.length }),
    'host.unload': () => ({ unloaded: true }),
  });
}
