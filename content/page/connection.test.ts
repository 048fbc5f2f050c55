import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { CallRequest, CallSink, PortClient } from '../../src/protocol/client.ts';
import type { WireError } from '../../src/protocol/errors.ts';
import { type Connection, createConnection, pinned } from './connection.ts';
import type { Link } from './link.ts';

/** What the browser gives, as far as connections use it; Node has no accessors where browsers do. */
vi.mock('./primordials.ts', () => ({
  NativeMessageChannel: MessageChannel,
  port1Of: (channel: MessageChannel) => channel.port1,
  port2Of: (channel: MessageChannel) => channel.port2,
  postTo: (port: MessagePort, message: unknown) => port.postMessage(message),
  listen: (port: MessagePort, type: string, listener: (event: Event) => void) => port.addEventListener(type, listener),
  messageData: (event: MessageEvent) => event.data,
  startPort: (port: MessagePort) => port.start(),
  closePort: (port: MessagePort) => port.close(),
  dictionary: () => Object.create(null),
  sequence: (list: unknown) => list,
}));

/** A relay that opens every session on the connection it is told. */
function makeLink() {
  const asked: unknown[] = [];
  const state = { connection: 1, detached: [] as number[], hosts: [] as MessagePort[] };
  const control = {
    call({ params, transfer }: CallRequest, sink: CallSink) {
      asked.push(params);
      state.hosts.push(transfer?.[0] as MessagePort);
      sink.end({ ok: true, value: { connection: state.connection } });
      return { grant() {}, abort() {} };
    },
  } as unknown as PortClient;
  const link: Link = {
    route(ready) {
      ready(control, undefined);
      return () => {};
    },
    detached: (connection) => void state.detached.push(connection),
    abortAll() {},
  };
  return { link, asked, state };
}

describe('createConnection', () => {
  let connection: Connection;
  let relay: ReturnType<typeof makeLink>;
  beforeEach(() => {
    relay = makeLink();
    connection = createConnection(relay.link);
  });
  const use = () =>
    new Promise<PortClient | WireError | undefined>((resolve) => {
      connection.use('packaged:echo', 'text-generation')((client, error) => resolve(client ?? error));
    });

  it('opens a pair once', async () => {
    const client = await use();
    expect(await use()).toBe(client);
    expect(relay.asked).toHaveLength(1);
    connection.lose(undefined, { code: 'disconnected', message: '' });
  });

  it('asks again for what it had when permissions changed, on the connection that it has', async () => {
    const client = await use();
    connection.recheck();
    expect(await use()).toBe(client);
    expect(relay.asked).toHaveLength(2);
    expect(relay.state.detached).toEqual([]);
    connection.lose(undefined, { code: 'disconnected', message: '' });
  });

  it('tells what was begun on a session that ended, instead of letting it wait', async () => {
    const client = (await use()) as PortClient;
    const [host] = relay.state.hosts;
    const answers: unknown[] = [];
    const call = (id: string) =>
      client.call(
        { method: id, params: {}, credit: 0, transfer: undefined },
        { chunk() {}, end: (end) => answers.push(end) },
      );
    call('chat.prompt');
    host?.postMessage({ kind: 'event', event: 'session-ended', reason: { code: 'permission-revoked', message: '' } });
    await vi.waitFor(() => expect(answers).toMatchObject([{ ok: false, error: { code: 'session-ended' } }]));
    expect(relay.state.detached).toEqual([1]);
    const lost = { code: 'chat-unknown', message: '' } as const;
    const route = pinned(client, lost);
    const seen = await new Promise((resolve) => route((_, error) => resolve(error)));
    expect(seen).toBe(lost);
    relay.state.connection = 2;
    expect(await use()).not.toBe(client);
    connection.lose(undefined, { code: 'disconnected', message: '' });
    for (const port of relay.state.hosts) port.close();
  });
});
