import type { Page } from 'playwright';
import type { ErrorCode, TensorData } from '../../content/webplat.d.ts';

/** A request to the page API, with `{ file }` in place of what a site would have read from that path of its own. */
export interface PageRequest {
  readonly model: string;
  readonly task: string;
  readonly input: unknown;
  readonly options: object;
}

/** A tensor as plain numbers, which is what goes into a page and comes out of it. */
export interface Numbers {
  readonly dtype: keyof TensorData;
  readonly dims: readonly number[];
  readonly values: readonly number[];
}

/** Asks as a site does; answers the text of a generation, the output of any other task. */
export const inferIn = (page: Page, request: PageRequest): Promise<unknown> => page.evaluate(inferInPage, request);

/** Runs a graph as a site does; answers its outputs. */
export const runIn = (
  page: Page,
  request: {
    readonly model: string;
    readonly graph?: string | undefined;
    readonly inputs: Readonly<Record<string, Numbers>>;
  },
): Promise<Readonly<Record<string, Numbers>>> => page.evaluate(runInPage, request);

/** Runs in the page. */
async function inferInPage({ input, ...asked }: PageRequest): Promise<unknown> {
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
  ) => Promise<{ readonly output?: unknown; readonly text?: string }>;
  const { output, text } = await infer({ ...asked, input: await open(input) });
  return output ?? text;
}

/** Runs in the page. */
async function runInPage({
  model,
  graph,
  inputs,
}: Parameters<typeof runIn>[1]): Promise<Readonly<Record<string, Numbers>>> {
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
  const tensors = Object.entries(inputs).map(([name, { dtype, dims, values }]) => [
    name,
    { dtype, dims: [...dims], data: arrayOf(dtype, values) },
  ]);
  const asked = { model, ...(graph !== undefined && { graph }), inputs: Object.fromEntries(tensors) };
  const result = await window.webplat?.run(asked);
  return Object.fromEntries(
    Object.entries(result?.outputs ?? {}).map(([name, { dtype, dims, data }]) => [
      name,
      { dtype, dims: [...dims], values: Array.from(data as ArrayLike<number | bigint>, Number) },
    ]),
  );
}

/** How a run was refused. */
export interface Refusal {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>> | undefined;
}

/** Runs a graph as a site does, with no inputs; answers how that was refused. */
export const refusalIn = (page: Page, request: { readonly model: string; readonly graph?: string }): Promise<Refusal> =>
  page.evaluate(async (asked) => {
    const outcome = await window.webplat?.run({ ...asked, inputs: {} }).then(
      () => ({ code: undefined, message: 'It ran.', data: undefined }),
      ({ code, message, data }: Error & Refusal) => ({ code, message, data }),
    );
    return outcome ?? { code: undefined, message: 'There is no window.webplat.', data: undefined };
  }, request);
