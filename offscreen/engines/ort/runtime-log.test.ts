import { expect, it } from 'vitest';
import { listenToRuntime, readShare } from './runtime-log.ts';

const LINE =
  '\u001b[0;93m2026-11-30 [W:onnxruntime:, webnn_execution_provider.cc:1 GetCapability] number of partitions supported by WebNN: 3 ' +
  'number of nodes in the graph: 50 number of nodes supported by WebNN: 48\u001b[m';

function makeConsole() {
  const written: unknown[] = [];
  const write = (text: unknown) => void written.push(text);
  return { written, target: { log: write, info: write, warn: write, error: write } };
}

it('keeps what the runtime says from the console while somebody listens, and nothing else', async () => {
  const { written, target } = makeConsole();
  const log = listenToRuntime(target);
  const { value, lines } = await log.during(async () => {
    target.error(LINE);
    target.error('[E:onnxruntime:, x] an error');
    target.log('hello');
    return 7;
  });
  target.error(LINE);
  expect(value).toBe(7);
  expect(lines).toEqual([LINE, '[E:onnxruntime:, x] an error']);
  expect(written).toEqual(['[E:onnxruntime:, x] an error', 'hello', LINE]);
});

it('stops listening when the work fails', async () => {
  const { written, target } = makeConsole();
  const log = listenToRuntime(target);
  await expect(log.during(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  target.log(LINE);
  expect(written).toEqual([LINE]);
});

it('reads how much of a graph WebNN takes, and claims nothing where that is not said', () => {
  expect(readShare(['something else', LINE])).toEqual({ nodes: 50, webnnNodes: 48 });
  expect(readShare(['something else'])).toEqual({ nodes: 0, webnnNodes: 0 });
});
