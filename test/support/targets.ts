import { type CdpChannel, openChild } from './cdp.ts';

/** One context of the browser: a page, a frame's process, a worker, the service worker, the offscreen document. */
export interface Target {
  readonly type: string;
  /** Where the target is now; pages navigate. */
  readonly url: string;
  readonly channel: CdpChannel;
}

/** All targets of a browser, attached to as they appear. */
export interface Targets {
  all(): readonly Target[];
  /** The target that `matches`, once there is one. */
  when(matches: (target: Target) => boolean): Promise<Target>;
  /** Settles when no target `matches` any more. */
  whenGone(matches: (target: Target) => boolean): Promise<void>;
}

interface TargetInfo {
  readonly targetId: string;
  readonly type: string;
  readonly url: string;
}

interface Live {
  readonly targetId: string;
  readonly type: string;
  url: string;
  readonly channel: ReturnType<typeof openChild>;
}

/** Kinds that run scripts; the offscreen document is a `background_page`. */
const WATCHED = new Set(['page', 'iframe', 'service_worker', 'background_page', 'worker', 'shared_worker']);

/** Attaches to every target, now and later; `onTarget` is called for each. */
export async function watchTargets(browser: CdpChannel, onTarget: (target: Target) => void): Promise<Targets> {
  const live = new Map<string, Live>();
  const attached = new Set<string>();
  const { settle, changed } = createConditions();

  function attach({ targetId, type }: TargetInfo): void {
    if (attached.has(targetId) || !WATCHED.has(type)) return;
    attached.add(targetId);
    // A target may go away before it is attached to; then there is nothing to watch.
    browser.send('Target.attachToTarget', { targetId, flatten: false }).catch(() => {});
  }

  browser.on('Target.attachedToTarget', (event) => {
    const { targetId, type, url } = event.targetInfo as TargetInfo;
    if (!attached.has(targetId)) return;
    const sessionId = String(event.sessionId);
    const target: Live = { targetId, type, url, channel: openChild(browser, sessionId) };
    live.set(sessionId, target);
    onTarget(target);
    changed();
  });
  browser.on('Target.detachedFromTarget', (event) => {
    const sessionId = String(event.sessionId);
    live.get(sessionId)?.channel.close();
    live.delete(sessionId);
    changed();
  });
  browser.on('Target.targetCreated', (event) => attach(event.targetInfo as TargetInfo));
  browser.on('Target.targetInfoChanged', (event) => {
    const info = event.targetInfo as TargetInfo;
    // The offscreen document is created as something else and becomes what it is a moment later.
    attach(info);
    for (const target of live.values()) if (target.targetId === info.targetId) target.url = info.url;
    changed();
  });
  await browser.send('Target.setDiscoverTargets', { discover: true, filter: [{}] });

  const all = () => [...live.values()];
  return {
    all,
    when: (matches) => settle(() => all().find(matches)),
    whenGone: (matches) => settle(() => (all().some(matches) ? undefined : true)).then(() => {}),
  };
}

function createConditions() {
  const waiting = new Set<() => void>();
  return {
    changed: () => {
      for (const check of [...waiting]) check();
    },
    settle: <T>(probe: () => T | undefined): Promise<T> =>
      new Promise((resolve) => {
        const check = () => {
          const value = probe();
          if (value === undefined) return;
          waiting.delete(check);
          resolve(value);
        };
        waiting.add(check);
        check();
      }),
  };
}
