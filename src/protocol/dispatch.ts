import type { Method, ParamsOf, ResultOf, Sender } from './define.ts';
import { WebplatError } from './errors.ts';
import { parse } from './parse.ts';
import { assertBounded } from './size.ts';

/** One handler a method; `Context` is what the receiving end knows about the caller, never what the caller said. */
export type Handlers<Methods extends readonly Method[], Context> = {
  readonly [M in Methods[number] as M['name']]: (
    params: ParamsOf<M>,
    context: Context,
  ) => Promise<ResultOf<M>> | ResultOf<M>;
};

/** Calls the handler of `method` for `sender`; every refusal is a {@link WebplatError}. */
export type Dispatch<Context> = (
  sender: Sender,
  method: unknown,
  params: unknown,
  context: Context,
) => Promise<unknown>;

/**
 * The receiving end of a channel: refuses methods that are not listed and senders that may not call them, validates
 * params before the handler and the result after it.
 */
export function createDispatch<const Methods extends readonly Method[], Context>(
  methods: Methods,
  handlers: Handlers<NoInfer<Methods>, Context>,
): Dispatch<Context> {
  const byName = new Map<string, Method>(methods.map((method) => [method.name, method]));
  return async (sender, name, params, context) => {
    const method = typeof name === 'string' ? byName.get(name) : undefined;
    if (!method?.from.includes(sender)) throw new WebplatError('unknown-method');
    const handler = (handlers as Record<string, (params: unknown, context: Context) => unknown>)[method.name];
    if (!handler) throw new WebplatError('unknown-method');
    if (sender === 'page' || sender === 'bridge') assertBounded(params);
    // An empty list would pass for an object without fields.
    if (Array.isArray(params)) throw new WebplatError('invalid-request', `${method.name}: params must be an object.`);
    const result = await handler(parse(method.params, params, method.name), context);
    return parseResult(method, result);
  };
}

/** Validates a result on either end; a malformed one is our fault or a forgery, never the caller's. */
export function parseResult<M extends Method>(method: M, result: unknown): ResultOf<M> {
  try {
    return parse(method.result, result, method.name) as ResultOf<M>;
  } catch {
    throw new WebplatError('internal');
  }
}
