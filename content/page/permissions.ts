import type { Permissions } from '../webplat.d.ts';
import {
  accessor,
  bound,
  dispatch,
  freeze,
  frozenMembers,
  later,
  listen,
  NativeEvent,
  NativeEventTarget,
  nativeDispatch,
  unlisten,
} from './primordials.ts';

type Handler = ((event: Event) => void) | null;

/** What the permission object can do besides being an EventTarget. */
export type PermissionCalls = Pick<Permissions, 'query' | 'request' | 'revoke'>;

export interface PermissionTarget {
  readonly permissions: Permissions;
  /** Fires `change`, from the engine and not from a frame of ours. */
  changed(): void;
}

/** `webplat.permissions`: a real EventTarget, so that listeners have all the options that they have elsewhere. */
export function createPermissions(calls: PermissionCalls): PermissionTarget {
  const target = new NativeEventTarget();
  let handler: Handler = null;
  listen(target, 'change', (event) => {
    if (handler) later(bound(handler as never, target, event));
  });
  const own = {
    query: calls.query,
    request: calls.request,
    revoke: calls.revoke,
    addEventListener(...args: Parameters<EventTarget['addEventListener']>) {
      listen(target, args[0], args[1], args[2]);
    },
    removeEventListener(...args: Parameters<EventTarget['removeEventListener']>) {
      unlisten(target, args[0], args[1], args[2]);
    },
    dispatchEvent: (event: Event) => dispatch(target, event),
  };
  frozenMembers(own, target);
  accessor(
    target,
    'onchange',
    () => handler,
    (given) => {
      handler = typeof given === 'function' ? (given as Handler) : null;
    },
  );
  return {
    permissions: freeze(target) as Permissions,
    changed: () => later(bound(nativeDispatch as never, target, new NativeEvent('change'))),
  };
}
