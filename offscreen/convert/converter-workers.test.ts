import * as v from 'valibot';
import { describe, expect, it, vi } from 'vitest';
import { ConverterAsk, ConverterBroke, createConverterHost, createConverterSpawner } from './converter-workers.ts';

/** A worker that answers through the port that it is sent. */
class FakeWorker {
  onerror: ((event: { preventDefault(): void }) => void) | null = null;
  ended = false;
  port: MessagePort | undefined;
  readonly heard: unknown[] = [];

  postMessage(port: MessagePort) {
    this.port = port;
    port.onmessage = ({ data }) => {
      this.heard.push(data);
      port.postMessage({ heard: data.kind });
    };
  }
  terminate() {
    this.ended = true;
    this.port?.close();
  }
}

function setUp() {
  const workers: FakeWorker[] = [];
  const start = () => {
    workers.push(new FakeWorker());
    return workers.at(-1) as unknown as Worker;
  };
  const host = createConverterHost((message) => spawner.receive(v.parse(ConverterBroke, message)), start);
  const spawner = createConverterSpawner((ask) => host.receive(v.parse(ConverterAsk, ask)));
  return { workers, host, spawner };
}

describe('a converter', () => {
  it('is started by the page, and speaks with who asked for it alone', async () => {
    const { workers, host, spawner } = setUp();
    const [one, other] = [spawner.spawn(), spawner.spawn()];
    const answers: unknown[] = [];
    one.onmessage = ({ data }) => answers.push(data);
    other.onmessage = () => expect.fail('Nothing was said to this one.');
    one.postMessage({ kind: 'busy', busy: true });
    await vi.waitFor(() => expect(answers).toEqual([{ heard: 'busy' }]));
    expect(workers.map(({ heard }) => heard.length)).toEqual([1, 0]);
    host.end();
  });

  it('ends when it is told to, once, and no other does', () => {
    const { workers, host, spawner } = setUp();
    const [one] = [spawner.spawn(), spawner.spawn()];
    one.terminate();
    one.terminate();
    expect(workers.map(({ ended }) => ended)).toEqual([true, false]);
    host.end();
    expect(workers.map(({ ended }) => ended)).toEqual([true, true]);
  });

  it('that stops by itself is told to who asked for it, unless that let go of it', () => {
    const { workers, host, spawner } = setUp();
    const [one, other] = [spawner.spawn(), spawner.spawn()];
    const broke = vi.fn();
    const late = vi.fn();
    one.onbroke = broke;
    other.onbroke = late;
    other.terminate();
    for (const { onerror } of workers) onerror?.({ preventDefault() {} });
    expect(broke).toHaveBeenCalledOnce();
    expect(late).not.toHaveBeenCalled();
    expect(workers.map(({ ended }) => ended)).toEqual([true, true]);
    host.end();
  });

  it.each([
    { kind: 'converter', converter: 1 },
    { kind: 'converter', converter: -1, port: new MessageChannel().port1 },
    { kind: 'converter', converter: 1, port: {} },
    { kind: 'converter-end', converter: 'all' },
    { kind: 'converter-end' },
  ])('is not started or ended by anything else: %j', (message) => {
    expect(v.safeParse(ConverterAsk, message).success).toBe(false);
  });
});
