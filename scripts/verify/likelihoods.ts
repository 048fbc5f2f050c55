import type { GoldenTensor } from '../../test/support/golden.ts';
import { logitsOf } from './decoding.ts';
import { floatsOf, rowsOf } from './numbers.ts';
import type { Subject } from './subject.ts';

interface Likelihoods {
  readonly input_ids: GoldenTensor;
  readonly token_logprobs: GoldenTensor;
  readonly perplexity: number;
}

/** Compares the logarithm of the probability of every token of a fixed text, after those before it. */
export async function checkLikelihoods(subject: Subject): Promise<void> {
  const { golden, ledger, judge } = subject;
  const given = golden.golden.logprobs as Likelihoods | undefined;
  if (!given) return;
  await ledger.attempt('logprobs', async () => {
    const ids = await golden.ids(given.input_ids);
    const rows = rowsOf(await logitsOf(subject, ids));
    const own = rows.slice(0, -1).map((row, at) => logProbability(row, ids[at + 1] ?? -1));
    const expected = await golden.floats(given.token_logprobs);
    const numbers = floatsOf(own, [own.length]);
    const { atol } = given.token_logprobs;
    ledger.add(judge(`logprobs of ${own.length} tokens`, 'logprobs/token_logprobs', numbers, expected, atol));
  });
}

/** The logarithm of the probability that logits give a token. */
function logProbability(logits: readonly number[], token: number): number {
  const largest = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
  return (logits[token] ?? Number.NaN) - largest - Math.log(total);
}
