import { WebplatError } from '../../src/protocol/errors.ts';
import type { GenerateEvents, GenerateOutcome, GenerateRequest } from '../engines/engine.ts';
import type { TextTokenizer } from '../processing/text/text-tokenizer.ts';
import type { Decoder, DecoderSequence } from './decoder.ts';
import { createDetokenizer } from './detokenizer.ts';
import { createSampler } from './sampling.ts';
import { createStopStrings } from './stop-strings.ts';

/** Text in, text out: continues a text or answers a conversation with any decoder-only model. */
export async function generateText(
  decoder: Decoder,
  tokenizer: TextTokenizer,
  request: GenerateRequest,
  events: GenerateEvents,
): Promise<GenerateOutcome> {
  events.signal.throwIfAborted();
  const promptIds = encodePrompt(decoder, tokenizer, request);
  const sequence = await decoder.open();
  try {
    return await decode(sequence, decoder.shape.contextTokens, tokenizer, promptIds, request, events);
  } finally {
    sequence.close();
  }
}

/** Refuses a prompt that leaves no room for one new token, before anything runs. */
function encodePrompt(decoder: Decoder, tokenizer: TextTokenizer, { input }: GenerateRequest): readonly number[] {
  const ids = tokenizer.encode(input);
  if (ids.length === 0) throw new WebplatError('invalid-request', 'The prompt has no tokens.', { field: 'input' });
  const quota = decoder.shape.contextTokens - 1;
  if (ids.length > quota) throw new WebplatError('context-overflow', undefined, { requested: ids.length, quota });
  return ids;
}

async function decode(
  sequence: DecoderSequence,
  contextTokens: number,
  tokenizer: TextTokenizer,
  promptIds: readonly number[],
  { options, maxNewTokens }: GenerateRequest,
  events: GenerateEvents,
): Promise<GenerateOutcome> {
  const sample = createSampler(options, promptIds);
  const writer = createWriter(tokenizer, promptIds.at(-1), options.stop ?? [], events);
  const limit = Math.min(maxNewTokens, contextTokens - promptIds.length);
  let computeMs = 0;
  let input = promptIds;
  let finishReason: GenerateOutcome['finishReason'] = 'length';
  while (writer.tokens < limit) {
    const step = await sequence.advance(input);
    computeMs += step.computeMs;
    events.onCompute(computeMs);
    events.signal.throwIfAborted();
    const token = sample(step.logits);
    if (tokenizer.endIds.has(token)) {
      finishReason = 'end';
      break;
    }
    if (writer.write(token)) {
      finishReason = 'stop-string';
      break;
    }
    input = [token];
  }
  if (finishReason !== 'stop-string' && writer.end()) finishReason = 'stop-string';
  return { text: writer.text, finishReason, inputTokens: promptIds.length, outputTokens: writer.tokens, computeMs };
}

/** Turns tokens into chunks: whole characters only, and nothing that may become a stop string. */
function createWriter(
  tokenizer: TextTokenizer,
  context: number | undefined,
  stops: readonly string[],
  events: GenerateEvents,
) {
  const detokenizer = createDetokenizer(tokenizer.decode, context);
  const stopStrings = createStopStrings(stops);
  let text = '';
  let tokens = 0;
  let reported = 0;
  const say = (piece: string) => {
    if (piece === '') return;
    text += piece;
    events.onText({ text: piece, tokens: tokens - reported });
    reported = tokens;
  };
  return {
    get text() {
      return text;
    },
    get tokens() {
      return tokens;
    },
    /** Answers whether a stop string ended the text. */
    write(token: number): boolean {
      tokens += 1;
      const decision = stopStrings.push(detokenizer.push(token));
      say(decision.text);
      return decision.stopped;
    },
    /** Says what was held back; answers whether that completed a stop string. */
    end(): boolean {
      const decision = stopStrings.push(detokenizer.flush());
      say(decision.stopped ? decision.text : decision.text + stopStrings.flush());
      return decision.stopped;
    },
  };
}
