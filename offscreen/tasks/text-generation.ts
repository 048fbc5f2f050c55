import { WebplatError } from '../../src/protocol/errors.ts';
import type { GenerateEvents, GenerateOutcome, GenerateRequest } from '../engines/engine.ts';
import type { TextTokenizer } from '../processing/text/text-tokenizer.ts';
import type { Decoder } from './decoder.ts';
import { writeText } from './write-text.ts';

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
    const start = { promptIds, first: promptIds, contextTokens: decoder.shape.contextTokens };
    return await writeText(sequence, tokenizer, start, request, events);
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
