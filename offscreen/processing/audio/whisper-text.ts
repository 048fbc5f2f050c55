import type { Tokenizer } from '../text/tokenizer.ts';
import { TIMESTAMP_SECONDS, type WhisperTokens } from './whisper-tokens.ts';

/** The text of tokens, without special ones and timestamps. */
export function whisperText(tokenizer: Tokenizer, { firstTimestampId }: WhisperTokens, ids: readonly number[]): string {
  return tokenizer.decode(ids.filter((id) => id < firstTimestampId));
}

/** The text of tokens with timestamps as `<|1.24|>`, in seconds of their window. */
export function whisperTextWithTimestamps(tokenizer: Tokenizer, tokens: WhisperTokens, ids: readonly number[]): string {
  const { firstTimestampId: first } = tokens;
  let text = '';
  let stretch: number[] = [];
  for (const id of ids) {
    if (id < first) {
      stretch.push(id);
      continue;
    }
    text += `${tokenizer.decode(stretch)}<|${((id - first) * TIMESTAMP_SECONDS).toFixed(2)}|>`;
    stretch = [];
  }
  return text + tokenizer.decode(stretch);
}
