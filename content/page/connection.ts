import { createPortClient, type PortClient } from '../../src/protocol/client.ts';
import type { WireError } from '../../src/protocol/errors.ts';
import type { TaskName } from '../../src/protocol/scalars.ts';
import type { Opened } from '../handshake.ts';
import { wireError } from './errors.ts';
import type { Link } from './link.ts';
import { messagePort } from './message-port.ts';
import { closePort, dictionary, NativeMessageChannel, port1Of, port2Of, sequence } from './primordials.ts';

/** Told once: the client to call on, or why there is none. */
export type Ready = (client: PortClient | undefined, error: WireError | undefined) => void;

/** Where a call goes: asks for a client and returns how to stop waiting for it. */
export type Route = (ready: Ready) => () => void;

/** The document's data port, opened when a pair of model and task is first used. */
export interface Connection {
  /** A route for calls that need `model` and `task` (any task where it is undefined); concurrent first calls share one opening. */
  use(model: string, task: TaskName | undefined): Route;
  /** Permissions changed: what the session covers is found out anew at the next call of each kind. */
  recheck(): void;
  /** The other end of the data port is gone: what runs on it fails, the next call opens anew. */
  lose(connection: number | undefined, reason: WireError): void;
  /** Ends everything that runs, control calls included, with `reason`. */
  suspend(reason: WireError): void;
}

interface Opening {
  readonly waiting: Record<string, Ready>;
  cancel(): void;
}

const pairOf = (model: string, task: TaskName | undefined) => `${model} ${task ?? ''}`;

/** How often an opening is repeated whose session turned out to be the one that just lost its port. */
const MAX_TRIES = 3;

export function createConnection(link: Link): Connection {
  let client: PortClient | undefined;
  let opened = dictionary<true>();
  const openings = dictionary<Opening>();
  let tickets = 0;
  /** Number of the newest connection there was, whether or not it lives. */
  let newest = 0;

  const forget = () => {
    if (!client) return;
    client = undefined;
    opened = dictionary();
    link.detached(newest);
  };
  const lose = (connection: number | undefined, reason: WireError) => {
    if (connection !== undefined && connection !== newest) return;
    const current = client;
    forget();
    current?.close(reason);
  };
  const attach = (port: MessagePort, connection: number) => {
    newest = connection;
    const previous = client;
    opened = dictionary();
    const next = createPortClient(
      messagePort(port, (message) => message),
      {
        onEvent(event) {
          if (event.event !== 'session-ended') return;
          if (client === next) forget();
          // What was begun on it (a chat, a kept tensor) has nobody to answer any more.
          next.close(wireError('session-ended'));
        },
        onClose() {
          if (client === next) forget();
        },
      },
    );
    client = next;
    previous?.close(wireError('session-ended'));
  };
  const settle = (pair: string, model: string, error: WireError | undefined) => {
    const opening = openings[pair];
    if (!opening) return;
    delete openings[pair];
    if (!error) {
      opened[pair] = true;
      opened[pairOf(model, undefined)] = true;
    }
    for (const ticket in opening.waiting) opening.waiting[ticket]?.(error ? undefined : client, error);
  };

  const request = (pair: string, model: string, task: TaskName | undefined, triesLeft: number): (() => void) => {
    const channel = new NativeMessageChannel();
    const mine = port1Of(channel);
    const work = {
      method: 'session.open',
      params: { models: [model], tasks: task ? [task] : undefined },
      credit: 0,
      transfer: sequence<Transferable>([port2Of(channel)]),
    };
    let cancel = () => {};
    link.route((control, error) => {
      if (!control) {
        closePort(mine);
        settle(pair, model, error);
        return;
      }
      const call = control.call(work, {
        chunk() {},
        end(outcome) {
          const connection = outcome.ok ? (outcome.value as Opened).connection : 0;
          if (connection > newest) attach(mine, connection);
          else closePort(mine);
          if (!outcome.ok) settle(pair, model, outcome.error);
          else if (client) settle(pair, model, undefined);
          else if (triesLeft > 0 && openings[pair]) start(pair, model, task, triesLeft - 1, openings[pair].waiting);
          else settle(pair, model, wireError('session-ended'));
        },
      });
      cancel = () => call.abort(wireError('aborted'));
    });
    return cancel;
  };
  const start = (
    pair: string,
    model: string,
    task: TaskName | undefined,
    triesLeft: number,
    waiting: Record<string, Ready>,
  ) => {
    let cancel = () => {};
    openings[pair] = { waiting, cancel: () => cancel() };
    cancel = request(pair, model, task, triesLeft);
  };
  const wait = (pair: string, model: string, task: TaskName | undefined, ready: Ready): (() => void) => {
    const ticket = `${++tickets}`;
    const current = openings[pair];
    if (current) {
      current.waiting[ticket] = ready;
    } else {
      const waiting = dictionary<Ready>();
      waiting[ticket] = ready;
      start(pair, model, task, MAX_TRIES, waiting);
    }
    return () => {
      const opening = openings[pair];
      if (!opening || !(ticket in opening.waiting)) return;
      delete opening.waiting[ticket];
      for (const _ in opening.waiting) return;
      // Nobody waits any more: take the question back from the user.
      opening.cancel();
    };
  };

  return {
    use: (model, task) => (ready) => {
      const pair = pairOf(model, task);
      if (!client || client.closed || !opened[pair]) return wait(pair, model, task, ready);
      ready(client, undefined);
      return () => {};
    },
    recheck() {
      opened = dictionary();
    },
    lose,
    suspend(reason) {
      lose(undefined, reason);
      link.abortAll(reason);
    },
  };
}

/** A route to one particular client: conversations live and die with the session that they began in. */
export function pinned(client: PortClient, lost: WireError): Route {
  return (ready) => {
    if (client.closed) ready(undefined, lost);
    else ready(client, undefined);
    return () => {};
  };
}
