import type { Site } from './page-client.ts';

/** A short text, of weights as they are. */
export const ask = (model: string, backend: 'wasm' | 'webgpu' = 'wasm') =>
  ({
    model,
    task: 'text-generation',
    input: 'Nothing happened',
    options: { maxNewTokens: 12 },
    hardware: { precision: 'fp32', backends: [backend] },
  }) as const;

/** Why a model does not answer. */
export const refusalOf = (page: Site, model: string) =>
  page.evaluate(async (request) => {
    try {
      return await window.webplat?.infer(request);
    } catch (error) {
      const { code, data } = error as { code: string; data?: { reason?: string } };
      return { code, reason: data?.reason };
    }
  }, ask(model));

/** Asks for the slow adapter, and gives up as soon as it is seen to come, or waits for it. */
export const bringAdapter = (page: Site, giveUp: boolean) =>
  page.evaluate(
    async ({ request, stop }) => {
      const phases: string[] = [];
      const abort = new AbortController();
      const onProgress = ({ phase }: { phase: string }) => {
        phases.push(phase);
        if (stop && phase === 'download') abort.abort();
      };
      try {
        const answer = await window.webplat?.infer({ ...request, signal: abort.signal, onProgress });
        return { text: answer?.text, phases };
      } catch (error) {
        return { error: (error as Error).name, phases };
      }
    },
    { request: ask('hf:org/slow'), stop: giveUp },
  );
