import type { Frame, Page } from 'playwright';
import type {
  ErrorCode,
  GenerationResult,
  InferRequest,
  PermissionRequest,
  PublicGrant,
  RunRequest,
} from '../../content/webplat.d.ts';
import type { DurationChoice } from '../../src/ui/model/durations.ts';
import type { ExtensionBrowser } from './extension-browser.ts';
import { answerPrompt, type PromptReply } from './prompt.ts';

/** A document that uses `window.webplat`. Evaluating in it counts as user activation, like a click. */
export type Site = Page | Frame;

/** How a call of the page API ended, in a form that crosses from the page into the test. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: ErrorCode | undefined; readonly name: string; readonly message: string };

export const ECHO = 'packaged:echo';

/** A request that the echo answers; `words` of them. */
export const echoOf = (words: number): InferRequest => ({
  model: ECHO,
  task: 'text-generation',
  input: Array.from({ length: words }, (_, index) => `w${index}`).join(' '),
  options: { maxNewTokens: words },
});

/** Calls `webplat.infer` in the document. */
export function infer(site: Site, request: InferRequest): Promise<Outcome<GenerationResult>> {
  return site.evaluate(async (asked) => {
    try {
      const value = await window.webplat?.infer(asked);
      if (!value) throw new Error('There is no window.webplat.');
      return { ok: true, value } as const;
    } catch (error) {
      const { code, name, message } = error as Error & { code?: ErrorCode };
      return { ok: false, code, name, message } as const;
    }
  }, request);
}

/** Calls `webplat.permissions.request` in the document. */
export function requestPermission(site: Site, request: PermissionRequest): Promise<Outcome<readonly PublicGrant[]>> {
  return site.evaluate(async (asked) => {
    try {
      const value = await window.webplat?.permissions.request(asked);
      if (!value) throw new Error('There is no window.webplat.');
      return { ok: true, value } as const;
    } catch (error) {
      const { code, name, message } = error as Error & { code?: ErrorCode };
      return { ok: false, code, name, message } as const;
    }
  }, request);
}

/** The grants that the document could use now. */
export function queryPermission(site: Site): Promise<readonly PublicGrant[]> {
  return site.evaluate(async () => (await window.webplat?.permissions.query()) ?? []);
}

/** What {@link allow} asks for and how it is answered; the echo for one browser session unless said otherwise. */
export interface AllowOptions extends Partial<PermissionRequest> {
  readonly duration?: DurationChoice;
  readonly reply?: PromptReply;
}

/** Asks for a permission in the document and answers the real prompt window. */
export async function allow(
  browser: ExtensionBrowser,
  site: Site,
  { duration = 'session', reply = { click: 'allow', duration }, ...request }: AllowOptions = {},
): Promise<Outcome<readonly PublicGrant[]>> {
  const [outcome] = await Promise.all([
    requestPermission(site, { models: [ECHO], ...request }),
    answerPrompt(browser, reply),
  ]);
  return outcome;
}

declare global {
  /** Only in the documents of tests: the stream that {@link startStream} began. */
  var running:
    | { read(): Promise<string | undefined>; readonly outcome: Promise<Outcome<GenerationResult>> }
    | undefined;
  var changes: number[] | undefined;
}

/** Begins a stream that is read only on demand: it stays open, held back for want of credit, until the test reads on. */
export async function startStream(site: Site, request: InferRequest): Promise<void> {
  await site.evaluate((asked) => {
    const stream = window.webplat?.stream(asked);
    if (!stream) throw new Error('There is no window.webplat.');
    const reader = stream.getReader();
    globalThis.running = {
      read: async () => (await reader.read()).value?.text,
      outcome: stream.result.then(
        (value) => ({ ok: true, value }) as const,
        (error: Error & { code?: ErrorCode }) =>
          ({ ok: false, code: error.code, name: error.name, message: error.message }) as const,
      ),
    };
  }, request);
}

/** The next piece of the stream, or undefined at its end. */
export function readChunk(site: Site): Promise<string | undefined> {
  return site.evaluate(() => globalThis.running?.read());
}

/** Reads the stream to its end: all remaining text, and how it ended. */
export function readRest(site: Site): Promise<{ readonly text: string; readonly outcome: Outcome<GenerationResult> }> {
  return site.evaluate(async () => {
    const { running } = globalThis;
    if (!running) throw new Error('No stream was started.');
    let text = '';
    try {
      for (let part = await running.read(); part !== undefined; part = await running.read()) text += part;
    } catch {
      // The outcome tells why.
    }
    return { text, outcome: await running.outcome };
  });
}

/** How the stream ends, without reading it. */
export function streamOutcome(site: Site): Promise<Outcome<GenerationResult>> {
  return site.evaluate(() => {
    if (!globalThis.running) throw new Error('No stream was started.');
    return globalThis.running.outcome;
  });
}

/** Calls `webplat.run` with one float32 tensor and answers its elements. */
export function runEcho(site: Site, elements: readonly number[]): Promise<readonly number[]> {
  return site.evaluate(async (values) => {
    const request: RunRequest = {
      model: 'packaged:echo',
      inputs: { x: { dtype: 'float32', dims: [values.length], data: new Float32Array(values) } },
    };
    const result = await window.webplat?.run(request);
    return [...((result?.outputs.x?.data ?? []) as Float32Array)];
  }, elements);
}
