/** Negative natural logarithm of a token's probability. */
export function surprise(logits: Float32Array, token: number): number {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
  return Math.log(total) + largest - (logits[token] ?? Number.NaN);
}
