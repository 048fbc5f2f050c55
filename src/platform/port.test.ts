import { describe, expect, it } from 'vitest';
import type { DataPort } from '../shared/port.ts';
import { acceptData, fromRuntimePort, offerData, type RuntimePort } from './port.ts';

/** Two ends of a runtime port in a browser that clones, or that knows JSON only. */
function makeChannel(carry: (message: unknown) => unknown): [RuntimePort, RuntimePort] {
  const make = () => {
    const messages: ((message: unknown) => void)[] = [];
    const disconnects: (() => void)[] = [];
    return { messages, disconnects };
  };
  const a = make();
  const b = make();
  let open = true;
  const end = (mine: typeof a, other: typeof a): RuntimePort => ({
    name: 'webplat.data',
    postMessage(message: unknown) {
      const carried = carry(message);
      queueMicrotask(() => {
        if (open) for (const listener of [...other.messages]) listener(carried);
      });
    },
    disconnect() {
      if (!open) return;
      open = false;
      for (const listener of other.disconnects) listener();
    },
    onMessage: { addListener: (listener) => mine.messages.push(listener) },
    onDisconnect: { addListener: (listener) => mine.disconnects.push(listener) },
  });
  return [end(a, b), end(b, a)];
}

const clone = (message: unknown) => structuredClone(message);
const json = (message: unknown) => JSON.parse(JSON.stringify(message)) as unknown;

describe.each([
  ['structured clone', clone],
  ['JSON', json],
])('a data port over %s', (_name, carry) => {
  const connect = async () => {
    const [relay, host] = makeChannel(carry);
    const accepted = new Promise<{ token: string; data: DataPort }>((resolve) =>
      acceptData(host, (token, data) => resolve({ token, data })),
    );
    const offered = await offerData(relay, 'the token');
    return { offered, ...(await accepted) };
  };

  it('presents the token and carries buffers both ways', async () => {
    const { offered, token, data } = await connect();
    expect(token).toBe('the token');
    data.onMessage((message) => data.post({ echo: message }));
    const answer = new Promise<unknown>((resolve) => offered.onMessage(resolve));
    offered.post({ data: new Uint8Array([1, 2, 255]).buffer });
    const { echo } = (await answer) as { echo: { data: ArrayBuffer } };
    expect([...new Uint8Array(echo.data)]).toEqual([1, 2, 255]);
  });

  it('tells each end of the other one closing, and only that', async () => {
    const { offered, data } = await connect();
    const heard: string[] = [];
    offered.onClose(() => heard.push('relay'));
    data.onClose(() => heard.push('host'));
    offered.close();
    offered.close();
    expect(heard).toEqual(['host']);
  });
});

describe('a data port', () => {
  it.each([undefined, null, 'x', {}, { token: 1 }, { token: 'x'.repeat(65) }])('refuses the opening %j', (opening) => {
    const [relay, host] = makeChannel(clone);
    acceptData(host, () => expect.unreachable());
    const refused = new Promise<void>((resolve) => relay.onDisconnect.addListener(resolve));
    relay.postMessage(opening);
    return refused;
  });

  it('rejects an offer that is refused', async () => {
    const [relay, host] = makeChannel(clone);
    const offer = offerData(relay, 'token');
    host.disconnect();
    await expect(offer).rejects.toThrow();
  });

  it('closes on a message that it cannot decode', async () => {
    const [relay, host] = makeChannel(json);
    const data = fromRuntimePort(host, 'json');
    data.onMessage(() => expect.unreachable());
    const closed = new Promise<void>((resolve) => data.onClose(resolve));
    relay.postMessage('{"damaged"');
    await closed;
  });
});
