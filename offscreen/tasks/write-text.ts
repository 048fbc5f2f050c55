import type { GenerateEvents, GenerateOutcome, GenerateRequest } from '../engines/engine.ts';
import type { TextTokenizer } from '../processing/text/text-tokenizer.ts';
import type { DecoderSequence, NewTokens } from './decoder.ts';
import { createDetokenizer } from './detokenizer.ts';
import { createSampler } from './sampling.ts';
import { createStopStrings } from './stop-strings.ts';

/** What a text begins with. */
export interface TextStart {
  /** Ids of the prompt, which repetition is counted from. */
  readonly promptIds: readonly number[];
  /** The prompt as the decoder takes it. */
  readonly first: NewTokens;
  readonly contextTokens: number;
}

/** Writes a text token by token until it ends, a stop string comes, or there are enough of them. */
export async function writeText(
  sequence: DecoderSequence,
  tokenizer: Pick<TextTokenizer, 'decode' | 'endIds'>,
  { promptIds, first, contextTokens }: TextStart,
  { options, maxNewTokens }: Pick<GenerateRequest, 'options' | 'maxNewTokens'>,
  events: GenerateEvents,
): Promise<GenerateOutcome> {
  const sample = createSampler(options, promptIds);
  const writer = createWriter(tokenizer, promptIds.at(-1), options.stop ?? [], events);
  const limit = Math.min(maxNewTokens, contextTokens - promptIds.length);
  let computeMs = 0;
  let input = first;
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
  tokenizer: Pick<TextTokenizer, 'decode'>,
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
