import * as v from 'valibot';
import { caveatsOf, isExpired, toCaveats } from '../../permissions/caveats.ts';
import { addDenial, clearDenials } from '../../permissions/denials.ts';
import { addGrant } from '../../permissions/merge.ts';
import type { Denial, Time } from '../../permissions/types.ts';
import { type CaveatValues, Grant, Subject } from '../../protocol/grant.ts';
import { Timestamp } from '../../protocol/scalars.ts';
import type { Environment } from '../environment.ts';
import { createCell } from './cell.ts';

const Persistent = v.strictObject({
  grants: v.array(
    v.pipe(
      Grant,
      v.check(({ lifetime }) => lifetime.kind === 'persistent'),
    ),
  ),
  denials: v.array(v.strictObject({ subject: Subject, at: Timestamp, until: Timestamp })),
  /** The latest moment on record; see `Time`. */
  seen: Timestamp,
});
type Persistent = v.InferOutput<typeof Persistent>;

/** All that the user ever decided, and the time it is judged by. */
export interface PermissionStore {
  grants(): Promise<readonly Grant[]>;
  denials(): Promise<readonly Denial[]>;
  time(): Promise<Time>;
  add(grant: Grant): Promise<void>;
  /** Replaces the caveats of a grant and returns it, or undefined when there is no such grant. */
  setCaveats(id: string, caveats: CaveatValues): Promise<Grant | undefined>;
  /** Takes grants away and returns those that there were. */
  remove(which: (grant: Grant) => boolean): Promise<readonly Grant[]>;
  deny(subject: Subject, cooldownMs: number): Promise<void>;
  clearDenial(subject: Subject): Promise<void>;
  /** Notes that it is now, so that a clock that is turned back later is noticed. */
  noteTime(): Promise<void>;
  /** Whether stored permissions were unreadable, and all were dropped. */
  isDamaged(): Promise<boolean>;
  forgetDamage(): Promise<void>;
}

const NOTE_EVERY_MS = 60_000;

/** Permissions that outlive the browser in the local area, the others in the session area. */
export function createPermissionStore({ local, session, now }: Pick<Environment, 'local' | 'session' | 'now'>) {
  const lasting = createCell({
    area: local,
    key: 'permissions',
    schema: Persistent,
    initial: { grants: [], denials: [], seen: 0 },
  });
  const passing = createCell({ area: session, key: 'grants', schema: v.array(Grant), initial: [] });

  async function addLasting(grant: Grant): Promise<void> {
    await lasting.update((state) => {
      const settled = settleTime(state, now());
      return { ...settled, grants: addGrant(settled.grants, grant) };
    });
  }

  const change = (grants: Grant[], id: string, caveats: CaveatValues): Grant[] =>
    grants.some((grant) => grant.id === id)
      ? grants.map((grant) => (grant.id === id ? { ...grant, caveats: toCaveats(caveats) } : grant))
      : grants;

  const store: PermissionStore = {
    grants: async () => [...(await lasting.read()).grants, ...(await passing.read())],
    denials: async () => (await lasting.read()).denials,
    time: async () => ({ now: now(), seen: (await lasting.read()).seen }),
    async add(grant) {
      if (grant.lifetime.kind === 'persistent') await addLasting(grant);
      else await passing.update((grants) => addGrant(grants, grant));
    },
    async setCaveats(id, caveats) {
      await lasting.update((state) => {
        const grants = change(state.grants, id, caveats);
        return grants === state.grants ? state : { ...state, grants };
      });
      await passing.update((grants) => change(grants, id, caveats));
      return (await store.grants()).find((grant) => grant.id === id);
    },
    async remove(which) {
      const removed: Grant[] = [];
      const keep = (grants: Grant[]): Grant[] => {
        const going = grants.filter(which);
        removed.push(...going);
        return going.length === 0 ? grants : grants.filter((grant) => !going.includes(grant));
      };
      await lasting.update((state) => {
        const grants = keep(state.grants);
        return grants === state.grants ? state : { ...state, grants };
      });
      await passing.update(keep);
      return removed;
    },
    async deny(subject, cooldownMs) {
      await lasting.update((state) => ({ ...state, denials: addDenial(state.denials, subject, now(), cooldownMs) }));
    },
    async clearDenial(subject) {
      await lasting.update((state) => ({ ...state, denials: clearDenials(state.denials, subject) }));
    },
    async noteTime() {
      await lasting.update((state) => (now() < state.seen + NOTE_EVERY_MS ? state : { ...state, seen: now() }));
    },
    isDamaged: lasting.isDamaged,
    forgetDamage: lasting.forgetDamage,
  };
  return store;
}

/**
 * What time it is, agreed on with the user who is answering a prompt. Grants that had run out by the old record are
 * dropped first, so that a clock that once was far ahead does not stay the measure, and one turned back revives nothing.
 */
function settleTime(state: Persistent, now: number): Persistent {
  const time = { now, seen: state.seen };
  const grants = state.grants.filter((grant) => {
    const caveats = caveatsOf(grant);
    return caveats !== undefined && !isExpired(grant, caveats, time);
  });
  return { ...state, grants, seen: now };
}
