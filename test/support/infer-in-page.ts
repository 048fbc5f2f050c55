import type { ErrorCode, Hardware, TaskName, TensorData } from '../../content/webplat.d.ts';
import type { Lab } from '../../offscreen/lab/lab.ts';

/** A page that is driven from here; what Playwright's and Puppeteer's have in common. */
export interface DrivenPage {
  evaluate<A, R>(run: (argument: A) => R | Promise<R>, argument: A): Promise<R>;
}

/** A request to the page API, with `{ file }` in place of what a site would have read from that path of its own. */
export interface PageRequest {
  readonly model: string;
  readonly task: string;
  readonly input: unknown;
  readonly options: object;
  readonly hardware?: Hardware;
}

/** A tensor as plain numbers, which is what goes into a page and comes out of it. */
export interface Numbers {
  readonly dtype: keyof TensorData;
  readonly dims: readonly number[];
  readonly values: readonly number[];
}

/** Tensors to run a graph on. */
export interface GraphRequest {
  readonly model: string;
  readonly graph?: string | undefined;
  readonly inputs: Readonly<Record<string, Numbers>>;
  readonly hardware?: Hardware;
}

/** What results say of where they were computed. */
export interface Where {
  readonly backend: string;
  readonly adapter?: string | undefined;
  readonly precision?: string | undefined;
}

/** The output of a task (of a generation its text), and where it was computed. */
export interface Inferred {
  readonly output: unknown;
  readonly execution: Where;
}

/** Float32 outputs of a graph, and where they were computed. */
export interface Ran {
  readonly outputs: Readonly<Record<string, Numbers>>;
  readonly execution: Where;
}

/** Asks as a site does; answers the text of a generation, the output of any other task. */
export const inferIn = async (page: DrivenPage, request: PageRequest): Promise<unknown> =>
  (await page.evaluate(inferInPage, request)).output;

/** Runs a graph as a site does; answers its outputs. */
export const runIn = async (page: DrivenPage, request: GraphRequest): Promise<Ran['outputs']> =>
  (await page.evaluate(runInPage, request)).outputs;

/** Whether a model can be loaded as asked; where not, why. */
export type Loadable = { readonly adapter?: string | undefined } | { readonly refused: string };

/** Who is asked for a model: the extension by a site, or the host of a lab. */
export interface AskIn {
  load(
    page: DrivenPage,
    request: { readonly model: string; readonly task: TaskName; readonly hardware: Hardware },
  ): Promise<Loadable>;
  infer(page: DrivenPage, request: PageRequest): Promise<Inferred>;
  run(page: DrivenPage, request: GraphRequest): Promise<Ran>;
}

/** Asks as a site does, through the extension. */
export const askPage: AskIn = {
  load: (page, request) => page.evaluate(loadInPage, request),
  infer: (page, request) => page.evaluate(inferInPage, request),
  run: (page, request) => page.evaluate(runInPage, request),
};

/** Asks the host of a lab by the messages that a site's requests become. */
export const askLab: AskIn = {
  load: (page, request) => page.evaluate(loadInLab, request),
  infer: (page, request) => page.evaluate(inferInLab, request),
  run: (page, request) => page.evaluate(runInLab, request),
};

/** Runs in the page. */
async function inferInPage({ input, ...asked }: PageRequest): Promise<Inferred> {
  const open = async (value: unknown): Promise<unknown> => {
    if (Array.isArray(value)) return Promise.all(value.map(open));
    if (typeof value !== 'object' || value === null) return value;
    if ('file' in value) return (await fetch(String(value.file))).blob();
    const entries = await Promise.all(
      Object.entries(value).map(async ([key, item]) => [key, await open(item)] as const),
    );
    return Object.fromEntries(entries);
  };
  const infer = window.webplat?.infer as unknown as (
    request: unknown,
  ) => Promise<{ readonly output?: unknown; readonly text?: string; readonly execution: Where }>;
  const { output, text, execution } = await infer({ ...asked, input: await open(input) });
  return { output: output ?? text, execution };
}

/** Runs in the page. */
async function runInPage({ inputs, ...asked }: GraphRequest): Promise<Ran> {
  const arrays = {
    float32: Float32Array,
    float16: Uint16Array,
    float64: Float64Array,
    int8: Int8Array,
    uint8: Uint8Array,
    int16: Int16Array,
    uint16: Uint16Array,
    int32: Int32Array,
    uint32: Uint32Array,
    bool: Uint8Array,
  };
  const arrayOf = (dtype: keyof TensorData, values: readonly number[]) => {
    if (dtype === 'int64') return BigInt64Array.from(values, BigInt);
    if (dtype === 'uint64') return BigUint64Array.from(values, BigInt);
    return arrays[dtype].from(values);
  };
  const tensors = Object.entries(inputs).map(([name, { dtype, dims, values }]) => {
    return [name, { dtype, dims: [...dims], data: arrayOf(dtype, values) }] as const;
  });
  const result = await window.webplat?.run({ ...asked, inputs: Object.fromEntries(tensors) as never });
  if (!result) throw new Error('There is no window.webplat.');
  const outputs = Object.entries(result.outputs).map(([name, { dtype, dims, data }]) => {
    const values = Array.from(data as ArrayLike<number | bigint>, Number);
    return [name, { dtype, dims: [...dims], values }] as const;
  });
  return { outputs: Object.fromEntries(outputs), execution: { ...result.execution } };
}

/** Runs in the lab, where media have the forms that they travel in. */
async function inferInLab({ input, ...asked }: PageRequest): Promise<Inferred> {
  const open = async (value: unknown, key = ''): Promise<unknown> => {
    if (Array.isArray(value)) {
      const items = await Promise.all(value.map((item) => open(item)));
      return key === 'video' ? { kind: 'frames', frames: items } : items;
    }
    if (typeof value !== 'object' || value === null) return value;
    if ('file' in value) {
      return { kind: 'encoded', bytes: await (await fetch(String(value.file))).arrayBuffer() };
    }
    const entries = await Promise.all(
      Object.entries(value).map(async ([name, item]) => [name, await open(item, name)] as const),
    );
    return Object.fromEntries(entries);
  };
  const lab = await (globalThis as unknown as { webplatLab: Promise<Lab> }).webplatLab;
  const request = { ...asked, input: await open(input) };
  if (asked.task === 'text-generation') {
    const { text, execution } = await lab.stream(request as never);
    return { output: text, execution };
  }
  const { output, execution } = await lab.perform(request as never);
  const data = 'data' in output ? { ...output, data: Array.from(new Float32Array(output.data)) } : output;
  return { output: data, execution };
}

/** Runs in the lab. */
async function runInLab({ inputs, ...asked }: GraphRequest): Promise<Ran> {
  const tensors = Object.entries(inputs).map(([name, { dtype, dims, values }]) => {
    const { buffer } = dtype === 'int64' ? BigInt64Array.from(values, BigInt) : Float32Array.from(values);
    return [name, { dtype, dims: [...dims], data: buffer }] as const;
  });
  const lab = await (globalThis as unknown as { webplatLab: Promise<Lab> }).webplatLab;
  const { outputs, execution } = await lab.run({ ...asked, inputs: Object.fromEntries(tensors) } as never);
  const numbers = Object.entries(outputs).map(([name, { dims, data }]) => {
    return [name, { dtype: 'float32' as const, dims, values: Array.from(new Float32Array(data)) }] as const;
  });
  return { outputs: Object.fromEntries(numbers), execution };
}

type LoadRequest = Parameters<AskIn['load']>[1];

/** Runs in the page. */
async function loadInPage(request: LoadRequest): Promise<Loadable> {
  try {
    const handle = await window.webplat?.models.load(request);
    await handle?.release();
    return { adapter: handle?.adapter };
  } catch (error) {
    const { code, data, message } = error as Error & { code?: string; data?: { reason?: string } };
    if (code !== 'no-backend') throw error;
    return { refused: data?.reason ?? message };
  }
}

/** Runs in the lab. */
async function loadInLab(request: LoadRequest): Promise<Loadable> {
  const lab = await (globalThis as unknown as { webplatLab: Promise<Lab> }).webplatLab;
  try {
    const { adapter } = await lab.load(request as never);
    return { adapter };
  } catch (error) {
    const { code, data, message } = error as Error & { code?: string; data?: { reason?: string } };
    if (code !== 'no-backend') throw error;
    return { refused: data?.reason ?? message };
  }
}

/** How a run was refused. */
export interface Refusal {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>> | undefined;
}

/** Runs a graph as a site does, with no inputs; answers how that was refused. */
export const refusalIn = (
  page: DrivenPage,
  request: { readonly model: string; readonly graph?: string },
): Promise<Refusal> =>
  page.evaluate(async (asked) => {
    const outcome = await window.webplat?.run({ ...asked, inputs: {} }).then(
      () => ({ code: undefined, message: 'It ran.', data: undefined }),
      ({ code, message, data }: Error & Refusal) => ({ code, message, data }),
    );
    return outcome ?? { code: undefined, message: 'There is no window.webplat.', data: undefined };
  }, request);
