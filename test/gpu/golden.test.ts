import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Precision } from '../../src/protocol/hardware-names.ts';
import { type Evaluation, readEvaluation } from './support/evaluation.ts';
import { type ModelPageHost, type OpenModelPage, startModelPage } from './support/model-page.ts';
import { nodeLikelihoods } from './support/node-likelihoods.ts';
import { expectValue } from './support/outcome.ts';

/** Names of the same weights in the published baseline. */
const BASELINE = { fp32: 'fp32', q8: 'int8 asymmetric g128', q4: 'int4 asymmetric g128' } as const satisfies Partial<
  Record<Precision, string>
>;
/** The baseline is rounded to four places; the rest is what another order of float32 sums may do to a mean of logarithms. */
const PERPLEXITY_TOLERANCE = 5e-5 + 2e-5;
/** Documents that browsers score, whose numbers are those of the native kernels; all 64 would take them minutes. */
const DOCUMENTS = { wasm: 4, webgpu: 1 };
/** Continuations that the software adapter checks as a whole. */
const PROMPTS_ON_WEBGPU = 3;
/** Tokens that the software adapter decodes one by one, a second each; every continuation is also checked as a whole. */
const DECODED_ON_WEBGPU = 4;
/** A machine that does something else besides takes its time. */
const TIMEOUT_MS = 300_000;
/** Mean difference of a token's negative log-likelihood between two backends that sum float32 in different orders. */
const LIKELIHOOD_TOLERANCE = 1e-6;

describe('the packaged model gives its published results', { timeout: TIMEOUT_MS }, () => {
  let evaluation: Evaluation;
  let host: ModelPageHost;
  let page: OpenModelPage;
  const likelihoods: Record<keyof typeof BASELINE, number[]> = { fp32: [], q8: [], q4: [] };
  beforeAll(async () => {
    evaluation = await readEvaluation();
    host = await startModelPage();
    page = await host.open();
  });
  afterAll(async () => {
    expect(page.errors).toEqual([]);
    await host.close();
  });

  describe.each(['fp32', 'q8', 'q4'] as const)('%s', (precision) => {
    it('on native kernels: perplexity of all documents', async () => {
      likelihoods[precision] = await nodeLikelihoods(evaluation.documents, precision);
      const predicted = evaluation.documents.reduce((sum, document) => sum + document.length - 1, 0);
      expect(predicted).toBe(evaluation.predictedTokens);
      const perplexity = Math.exp(likelihoods[precision].reduce((sum, value) => sum + value) / predicted);
      console.log(`perplexity ${precision}: ${perplexity.toFixed(5)}`);
      const expected = evaluation.perplexity(BASELINE[precision]);
      expect(Math.abs(perplexity - expected)).toBeLessThan(PERPLEXITY_TOLERANCE);
    });

    it.each(['wasm', 'webgpu'] as const)('on %s: the likelihoods that the native kernels find', async (backend) => {
      const { model, info } = expectValue(await page.call('load', { backend, precision }));
      expect(info).toMatchObject(
        backend === 'webgpu'
          ? { backend: 'REAL_WEBGPU', tier: 'jspi/webgpu' }
          : { backend: 'REAL_WASM', tier: 'wasm/cpu' },
      );
      for (const [i, document] of evaluation.documents.slice(0, DOCUMENTS[backend]).entries()) {
        const { negativeLogLikelihood } = expectValue(await page.call('score', model, document));
        const difference = Math.abs(negativeLogLikelihood - (likelihoods[precision][i] ?? Number.NaN));
        expect(difference / (document.length - 1), `document ${i}`).toBeLessThan(LIKELIHOOD_TOLERANCE);
      }
      await page.call('dispose', model);
    });
  });

  it.each(['q8', 'q4'] as const)('prints what %s costs', (precision) => {
    const sum = (values: number[]) => values.reduce((a, b) => a + b);
    const ratio = Math.exp((sum(likelihoods[precision]) - sum(likelihoods.fp32)) / evaluation.predictedTokens);
    console.log(`perplexity ${precision} / fp32: ${ratio.toFixed(5)}`);
    expect(ratio).toBeCloseTo(evaluation.perplexity(BASELINE[precision]) / evaluation.perplexity(BASELINE.fp32), 4);
  });

  it('fp32 on WebAssembly: all greedy continuations', async () => {
    const { model } = expectValue(await page.call('load', { backend: 'wasm', precision: 'fp32' }));
    for (const { prompt, continuation, continuation_ids } of evaluation.prompts) {
      const ended = continuation.endsWith('<|end|>');
      const outcome = expectValue(await page.call('generate', { model, input: prompt, maxNewTokens: 64 }));
      expect(outcome.text).toBe(continuation.replace('<|end|>', ''));
      expect(outcome.finishReason).toBe(ended ? 'end' : 'length');
      expect(outcome.outputTokens).toBe(continuation_ids.length - (ended ? 1 : 0));
      expect(outcome.chunks.join('')).toBe(outcome.text);
    }
    await page.call('dispose', model);
  });

  it('fp32 on WebGPU: greedy continuations', async () => {
    const { model } = expectValue(await page.call('load', { backend: 'webgpu', precision: 'fp32' }));
    for (const { prompt_ids, continuation_ids } of evaluation.prompts.slice(0, PROMPTS_ON_WEBGPU)) {
      // Greedy decoding gives the continuation if and only if each of its tokens is the likeliest after those before it.
      const ids = [...prompt_ids, ...continuation_ids.slice(0, -1)];
      const { likeliest } = expectValue(await page.call('score', model, ids));
      expect(likeliest.slice(prompt_ids.length - 1)).toEqual(continuation_ids);
    }
    const [{ prompt, continuation }] = evaluation.prompts;
    const start = expectValue(await page.call('generate', { model, input: prompt, maxNewTokens: DECODED_ON_WEBGPU }));
    expect(start).toMatchObject({ outputTokens: DECODED_ON_WEBGPU, finishReason: 'length' });
    expect(continuation.startsWith(start.text)).toBe(true);
    expect(start.text.split(' ').length).toBeGreaterThan(2);
    await page.call('dispose', model);
  });
});
