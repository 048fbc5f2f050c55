import type * as v from 'valibot';

/** Who may send a message, as the receiving end learns it from the browser and never from the message. */
export type Sender = 'page' | 'bridge' | 'background' | 'host' | 'ui';

/** Channels, each with its own port name or endpoint; a method of one channel does not exist on another. */
export type Channel = 'control' | 'data' | 'host' | 'report' | 'ui' | 'files' | 'bridge';

/**
 * What the caller must hold: nothing, an identity the policy accepts (`origin`), or a session token that the background
 * minted after the user granted the origin something (`session`).
 */
export type Need = 'nothing' | 'origin' | 'session';

/** One message of the protocol: everything both ends need to know about it. */
export interface Method<
  Name extends string = string,
  Params extends v.GenericSchema = v.GenericSchema,
  Result extends v.GenericSchema = v.GenericSchema,
  Chunk extends v.GenericSchema | undefined = v.GenericSchema | undefined,
> {
  readonly name: Name;
  readonly channel: Channel;
  readonly from: readonly Sender[];
  readonly needs: Need;
  /** One or two sentences for `docs/protocol.md`. */
  readonly doc: string;
  readonly params: Params;
  readonly result: Result;
  /** Schema of the chunks that precede the result, for a method that streams. */
  readonly chunk: Chunk;
}

type Definition<
  N extends string,
  P extends v.GenericSchema,
  R extends v.GenericSchema,
  C extends v.GenericSchema | undefined,
> = Omit<Method<N, P, R, C>, 'chunk'> & (C extends undefined ? { readonly chunk?: undefined } : { readonly chunk: C });

/** Describes a message; see the files in `control/`, `data/`, `host/`, `report/`, `ui/`, `files/` and `bridge/`. */
export function defineMethod<
  const N extends string,
  P extends v.GenericSchema,
  R extends v.GenericSchema,
  C extends v.GenericSchema | undefined = undefined,
>(definition: Definition<N, P, R, C>): Method<N, P, R, C> {
  return Object.freeze({ chunk: undefined, ...definition }) as unknown as Method<N, P, R, C>;
}

export type ParamsOf<M extends Method> = v.InferOutput<M['params']>;
export type ResultOf<M extends Method> = v.InferOutput<M['result']>;
export type ChunkOf<M extends Method> = M['chunk'] extends v.GenericSchema ? v.InferOutput<M['chunk']> : never;
