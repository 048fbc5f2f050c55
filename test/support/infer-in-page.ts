import type { Page } from 'playwright';

/** A request to the page API, with `{ file }` in place of what a site would have read from that path of its own. */
export interface PageRequest {
  readonly model: string;
  readonly task: string;
  readonly input: unknown;
  readonly options: object;
}

/** A tensor as plain numbers, which is what goes into a page and comes out of it. */
export interface Numbers {
  readonly dtype: 'float32' | 'int64';
  readonly dims: readonly number[];
  readonly values: readonly number[];
}

/** Asks as a site does; answers the text of a generation, the output of any other task. */
export const inferIn = (page: Page, request: PageRequest): Promise<unknown> => page.evaluate(inferInPage, request);

/** Runs a graph as a site does; answers its float32 outputs. */
export const runIn = (
  page: Page,
  request: { readonly model: string; readonly graph: string; readonly inputs: Readonly<Record<string, Numbers>> },
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
  const tensors = Object.entries(inputs).map(([name, { dtype, dims, values }]) => [
    name,
    {
      dtype,
      dims: [...dims],
      data: dtype === 'int64' ? BigInt64Array.from(values, BigInt) : Float32Array.from(values),
    },
  ]);
  const result = await window.webplat?.run({ model, graph, inputs: Object.fromEntries(tensors) });
  return Object.fromEntries(
    Object.entries(result?.outputs ?? {}).map(([name, { dims, data }]) => [
      name,
      { dtype: 'float32' as const, dims: [...dims], values: Array.from(data as Float32Array) },
    ]),
  );
}
