import { type Background, createBackground } from '../../src/background/background.ts';
import type { Environment } from '../../src/background/environment.ts';
import type { PageSender } from '../../src/platform/sender.ts';
import type { StorageArea } from '../../src/platform/storage.ts';
import type { Method, ParamsOf, ResultOf } from '../../src/protocol/define.ts';
import type { DownEnvelope, UpEnvelope } from '../../src/protocol/envelope.ts';
import { callOneShot } from '../../src/protocol/message.ts';
import type { DataPort } from '../../src/shared/port.ts';
import { FakeHost } from './fake-host.ts';

const NEVER = new Promise<never>(() => {});

/** Lets everything run that only waits for promises; nothing in the fake world waits for anything else. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** A browser around the background: what stays when a background is stopped, and the means to stop it at any point. */
export class FakeWorld {
  readonly host = new FakeHost();
  readonly local = new Map<string, unknown>();
  readonly session = new Map<string, unknown>();
  readonly windows = new Map<number, string>();
  readonly pages: FakePage[] = [];
  readonly badges = new Map<number, number>();
  readonly errors: string[] = [];
  windowsOpened = 0;
  now = Date.UTC(2026, 10, 23, 12);
  /** Stops the background at this crossing of its boundary; every operation is crossed on the way out and back. */
  stopAtCrossing = Number.POSITIVE_INFINITY;
  crossings = 0;
  stops = 0;
  background: Background;
  private life = 0;
  private tokens = 0;
  private timers: { at: number; task: () => void; life: number }[] = [];

  constructor() {
    this.background = this.begin();
  }

  private begin(): Background {
    this.life += 1;
    const background = createBackground(this.environment(this.life));
    background.start().catch((error: unknown) => this.errors.push(String(error)));
    return background;
  }

  /** Stops the background where it is and starts another; relays with open calls connect again and repeat them. */
  restart(): void {
    this.stops += 1;
    for (const page of this.pages) page.sever();
    this.background = this.begin();
    for (const page of this.pages) page.reconnect();
  }

  private environment(life: number): Environment {
    const cross = async (): Promise<void> => {
      if (life !== this.life) return NEVER;
      this.crossings += 1;
      if (this.crossings !== this.stopAtCrossing) return;
      this.restart();
      return NEVER;
    };
    const operation =
      <A extends unknown[], R>(effect: (...args: A) => R | Promise<R>) =>
      async (...args: A): Promise<R> => {
        await cross();
        const result = await effect(...args);
        await cross();
        return result;
      };
    const area = (map: Map<string, unknown>): StorageArea => ({
      get: operation((key) => structuredClone(map.get(key))),
      set: operation((items) => {
        for (const [key, value] of Object.entries(items)) map.set(key, structuredClone(value));
      }),
      remove: operation((key) => {
        map.delete(key);
      }),
    });
    const silent = () => {};
    return {
      local: area(this.local),
      session: area(this.session),
      windows: {
        open: operation((id) => {
          this.windowsOpened += 1;
          this.windows.set(this.windowsOpened, id);
          return this.windowsOpened;
        }),
        list: operation(() => [...this.windows].map(([windowId, id]) => ({ windowId, id }))),
        exists: operation((windowId) => this.windows.has(windowId)),
        focus: operation(silent),
        close: operation((windowId) => this.closeWindow(windowId)),
      },
      documents: {
        send: operation((_tabId, documentId, message) => {
          const page = this.pages.find((each) => each.sender.documentId === documentId);
          page?.hear((message as { envelope: DownEnvelope }).envelope);
          return page !== undefined;
        }),
        isReachable: operation((_tabId, documentId) =>
          this.pages.some((page) => page.sender.documentId === documentId && !page.hasLeft),
        ),
      },
      host: {
        exists: operation(() => this.host.exists),
        ensure: operation(() => this.host.ensure()),
        send: operation((request) => this.host.send(request)),
        give: operation(() => this.host.exists),
      },
      setBadge: operation((tabId, sites) => {
        this.badges.set(tabId, sites);
      }),
      now: () => this.now,
      later: (task, delayMs) => {
        const timer = { at: this.now + delayMs, task, life };
        this.timers.push(timer);
        return () => {
          this.timers = this.timers.filter((other) => other !== timer);
        };
      },
      newToken: () => {
        this.tokens += 1;
        return this.tokens.toString(16).padStart(32, '0');
      },
      logger: {
        info: silent,
        warn: silent,
        error: (message, fields) => this.errors.push(`${message} ${JSON.stringify(fields)}`),
      },
    };
  }

  /** Lets time pass, with the timers that fall due. */
  async advance(ms: number): Promise<void> {
    this.now += ms;
    const due = this.timers.filter(({ at, life }) => at <= this.now && life === this.life);
    this.timers = this.timers.filter((timer) => !due.includes(timer));
    for (const { task } of due) task();
    await settled();
  }

  closeWindow(windowId: number): void {
    if (this.windows.delete(windowId)) void this.background.windowClosed(windowId);
  }

  /** Opens a document. A frame is told by its `top`. */
  open(origin: string, options: { top?: string; tabId?: number; sender?: Partial<PageSender> } = {}): FakePage {
    const number = this.pages.length + 1;
    const tabId = options.tabId ?? number;
    const page = new FakePage(this, {
      kind: 'page',
      origin,
      topUrl: `${options.top ?? origin}/path`,
      tabId,
      frameId: options.top === undefined ? 0 : number,
      documentId: `document-${number}`,
      isFrame: options.top !== undefined,
      incognito: false,
      isActive: true,
      ...options.sender,
    });
    this.pages.push(page);
    return page;
  }

  /** Calls the `ui` channel as the manager does; a call that is lost with the background is made again. */
  async ui<M extends Method>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>> {
    for (;;) {
      const before = this.stops;
      const call = callOneShot(async (request) => this.background.answer(request, { kind: 'ui' }), method, params);
      let done = false;
      const mark = () => {
        done = true;
      };
      call.then(mark, mark);
      while (!done && this.stops === before) await new Promise<void>((resolve) => setImmediate(resolve));
      if (done) return call;
    }
  }

  /** The prompts that windows show, oldest first. */
  get promptIds(): string[] {
    return [...new Set(this.windows.values())];
  }
}

interface OpenCall {
  readonly envelope: UpEnvelope;
  readonly activated: boolean;
}

/** A document with its relay, which repeats open calls when the background was stopped. */
export class FakePage {
  readonly events: string[] = [];
  readonly answers = new Map<number, DownEnvelope[]>();
  private readonly openCalls = new Map<number, OpenCall>();
  private link: { deliver(message: unknown): void; close(): void; alive: boolean } | undefined;
  hasLeft = false;
  private lastId = 0;
  readonly sender: PageSender;
  private readonly world: FakeWorld;

  constructor(world: FakeWorld, sender: PageSender) {
    this.world = world;
    this.sender = sender;
  }

  hear(envelope: DownEnvelope): void {
    if (envelope.kind === 'event') this.events.push(envelope.event);
    if (envelope.kind !== 'result' && envelope.kind !== 'error') return;
    this.openCalls.delete(envelope.id);
    this.answers.set(envelope.id, [...(this.answers.get(envelope.id) ?? []), envelope]);
  }

  call(method: string, params: unknown, activated = true): number {
    this.lastId += 1;
    const envelope = { kind: 'call', id: this.lastId, method, params, credit: 0 } as const;
    this.openCalls.set(this.lastId, { envelope, activated });
    this.send({ envelope, activated });
    return this.lastId;
  }

  abort(id: number): void {
    this.send({ envelope: { kind: 'abort', id }, activated: false });
  }

  send(message: unknown): void {
    this.connect().deliver(message);
  }

  /** The value of a call, its error code, or undefined while it is open. Fails when it was answered twice. */
  outcome(id: number): unknown {
    const [answer, ...more] = this.answers.get(id) ?? [];
    if (more.length > 0) throw new Error('answered twice');
    if (answer?.kind === 'error') return answer.error.code;
    return answer?.kind === 'result' ? answer.value : undefined;
  }

  async ask(method: string, params: unknown, activated = true): Promise<unknown> {
    const id = this.call(method, params, activated);
    await settled();
    return this.outcome(id);
  }

  /** The document is closed, or left. */
  leave(): void {
    this.hasLeft = true;
    this.openCalls.clear();
    const { link } = this;
    this.link = undefined;
    link?.close();
  }

  sever(): void {
    if (this.link) this.link.alive = false;
    this.link = undefined;
  }

  /** The relay takes a slow background for a stopped one: it dials anew, and hangs up where it was once it is heard. */
  async redial(): Promise<void> {
    const before = this.link;
    this.link = undefined;
    this.reconnect();
    await settled();
    if (before) before.alive = false;
    before?.close();
    await settled();
  }

  reconnect(): void {
    for (const message of this.openCalls.values()) this.send(message);
  }

  private connect(): NonNullable<typeof this.link> {
    if (this.link) return this.link;
    let onMessage: (message: unknown) => void = () => {};
    let onClose = () => {};
    const link = {
      alive: true,
      deliver: (message: unknown) => onMessage(structuredClone(message)),
      close: () => onClose(),
    };
    const port: DataPort = {
      post: (message) => {
        if (link.alive) this.hear(message as DownEnvelope);
      },
      onMessage: (listener) => {
        onMessage = listener;
      },
      onClose: (listener) => {
        onClose = listener;
      },
      close: () => {
        if (this.link === link) this.link = undefined;
        link.alive = false;
      },
    };
    this.link = link;
    this.world.background.acceptPage(port, this.sender);
    return link;
  }
}
