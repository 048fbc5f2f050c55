import { WebplatError } from '../../../src/protocol/errors.ts';
import type { TextInput } from '../../../src/protocol/generation.ts';
import { nextMacrotask } from '../../../src/shared/macrotask.ts';
import { createStopStrings } from '../../tasks/stop-strings.ts';
import type { Engine, GenerateEvents, GenerateOutcome, GenerateRequest, LoadedModel } from '../engine.ts';

/** Requests that the echo works on at once: it computes nothing, so only the transport is the limit. */
const MAX_SEQUENCES = 64;

/**
 * An engine without weights: `generate` repeats the prompt word by word, `run` returns its inputs. Sites test against it
 * without a GPU, and the transport is measured with it.
 */
export function createEchoEngine(): Engine {
  return {
    name: 'echo',
    estimate: () => ({ gpuBytes: 0, cpuBytes: 0 }),
    async load(_manifest, options) {
      options.signal.throwIfAborted();
      await options.admit({ gpuBytes: 0, cpuBytes: 0 });
      options.onProgress({ phase: 'ready', doneBytes: 1, totalBytes: 1 });
      return createEchoModel();
    },
  };
}

function createEchoModel(): LoadedModel {
  const end = new AbortController();
  const assertLive = () => end.signal.throwIfAborted();
  return {
    info: { backend: 'ECHO', tier: 'echo', passedOver: [], maxSequences: MAX_SEQUENCES },
    failed: new Promise(() => {}),
    async prepare(_use, signal) {
      assertLive();
      signal.throwIfAborted();
    },
    async dropIdle() {},
    async generate(request, events) {
      assertLive();
      return echo(request, events, AbortSignal.any([events.signal, end.signal]));
    },
    async countTokens(input) {
      assertLive();
      return wordsOf(input).length;
    },
    async run({ inputs }, events) {
      assertLive();
      events.signal.throwIfAborted();
      return inputs;
    },
    perform: async ({ task }) => {
      throw new WebplatError('model-unsupported', undefined, { reason: `The model does not do ${task}.` });
    },
    memory: () => ({ gpuBytes: 0, cpuBytes: 0 }),
    async dispose() {
      end.abort(new WebplatError('session-ended'));
    },
  };
}

async function echo(request: GenerateRequest, events: GenerateEvents, signal: AbortSignal): Promise<GenerateOutcome> {
  const words = wordsOf(request.input);
  const stops = createStopStrings(request.options.stop ?? []);
  let text = '';
  let outputTokens = 0;
  let spokenTokens = 0;
  let stopped = false;
  const say = (piece: string) => {
    if (piece) events.onText({ text: piece, tokens: outputTokens - spokenTokens });
    if (piece) spokenTokens = outputTokens;
    text += piece;
  };
  for (const word of words.slice(0, request.maxNewTokens)) {
    await nextMacrotask();
    signal.throwIfAborted();
    outputTokens += 1;
    const decision = stops.push(word);
    say(decision.text);
    stopped = decision.stopped;
    if (stopped) break;
  }
  say(stops.flush());
  const finishReason = stopped ? 'stop-string' : outputTokens < words.length ? 'length' : 'end';
  return { text, finishReason, inputTokens: words.length, outputTokens, computeMs: 0 };
}

/** The text, or the last message of a conversation, as words with the space that follows them. */
function wordsOf(input: TextInput): string[] {
  const text = typeof input === 'string' ? input : (input.at(-1)?.content ?? '');
  return text.match(/\s*\S+\s*$|\s*\S+\s|\s+/g) ?? [];
}
