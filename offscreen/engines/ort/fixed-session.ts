import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { Placement } from '../../../src/protocol/model.ts';
import type { ComponentGraph } from '../../families/family.ts';
import { paddedDimensions, resized, roundUp, type Sizes, sizesOf } from './fixed-sizes.ts';
import type { OrtModule } from './runtime.ts';

/** What components run on: a session of the runtime, or something that opens sessions as they are needed. */
export interface Runnable {
  run(
    feeds: Readonly<Record<string, Tensor>>,
    fetches?: Readonly<Record<string, Tensor | null>>,
  ): Promise<InferenceSession.OnnxValueMapType>;
  /** Gives the memory back; nothing runs any more. */
  release(): Promise<void>;
}

/** A session for graphs of exactly these sizes, and how much of the graph the provider took. */
export interface FixedSession {
  readonly session: InferenceSession;
  readonly nodes: number;
  readonly webnnNodes: number;
}

export interface FixedSessionParts {
  readonly ort: OrtModule;
  readonly component: string;
  readonly graph: Pick<ComponentGraph, 'inputs' | 'outputs' | 'most' | 'shape'>;
  /** Bytes of the graph's weights, of which every session has its own. */
  readonly weightBytes: number;
  /** Sessions that are kept; the one that was not used for longest leaves. */
  readonly kept: number;
  /** Opens a session on WebNN. Rejects where WebNN does not take the graph. */
  open(sizes: Sizes): Promise<FixedSession>;
  /** Opens a session on the processor, which takes any size. */
  openAnySize(): Promise<InferenceSession>;
}

/** Sessions of one graph, one for each size that is asked for. */
export interface FixedSessions extends Runnable {
  placement(): Placement;
  /** Bytes of the weights of all sessions that are open on WebNN. */
  bytes(): number;
}

/**
 * Runs a graph on a provider that wants to know every size beforehand. Sizes are rounded up where what is filled in does not
 * count; a size that the provider fails at runs on the processor from then on, and {@link FixedSessions.placement} says so.
 */
export function createFixedSessions(parts: FixedSessionParts): FixedSessions {
  const { ort, component, graph, weightBytes, kept } = parts;
  const most: Readonly<Record<string, number>> = {
    ...graph.most,
    ...(graph.shape?.encoder && { encoder_tokens: graph.shape.encoder.states }),
  };
  const padded = paddedDimensions(graph);
  /** The last used is last. */
  const open = new Map<string, FixedSession>();
  const failed = new Set<string>();
  let anySize: Promise<InferenceSession> | undefined;
  let worst: Pick<Placement, 'nodes' | 'webnnNodes' | 'reason'> | undefined;

  function note(nodes: number, webnnNodes: number, reason?: string): void {
    const share = (of: { readonly nodes: number; readonly webnnNodes: number }) =>
      of.webnnNodes / Math.max(of.nodes, 1);
    if (worst && share(worst) <= share({ nodes, webnnNodes })) return;
    worst = { nodes, webnnNodes, ...(reason && { reason: reason.slice(0, 512) }) };
  }

  async function openFor(key: string, sizes: Sizes): Promise<FixedSession> {
    const known = open.get(key);
    if (known) {
      open.delete(key);
      open.set(key, known);
      return known;
    }
    for (const [oldest, { session }] of open) {
      if (open.size < kept) break;
      open.delete(oldest);
      await session.release();
    }
    const opened = await parts.open(sizes);
    open.set(key, opened);
    const { nodes, webnnNodes } = opened;
    note(nodes, webnnNodes, reasonFor(nodes, webnnNodes));
    return opened;
  }

  /** A session for these sizes; undefined where WebNN does not run them. */
  async function sessionFor(sizes: Sizes): Promise<InferenceSession | undefined> {
    const key = JSON.stringify(sizes);
    if (failed.has(key)) return undefined;
    try {
      return (await openFor(key, sizes)).session;
    } catch (error) {
      return refuse(key, error);
    }
  }

  /** Has a size run on the processor from now on: some are refused when they are built, some when they are computed. */
  async function refuse(key: string, error: unknown): Promise<undefined> {
    failed.add(key);
    note(0, 0, `WebNN refused ${key}: ${error instanceof Error ? error.message : String(error)}`);
    const opened = open.get(key);
    open.delete(key);
    await opened?.session.release();
    return undefined;
  }

  const sized = (tensor: Tensor, to: readonly number[]): Tensor =>
    `${tensor.dims}` === `${to}`
      ? tensor
      : new ort.Tensor(tensor.type, resized(tensor.data as Float32Array, tensor.dims, to) as never, [...to]);

  return {
    async run(feeds, fetches) {
      const asked = sizesOf(graph.inputs, (name) => feeds[name]?.dims);
      const sizes: Sizes = Object.fromEntries(
        Object.entries(asked).map(([name, size]) => [name, padded.has(name) ? roundUp(size, most[name]) : size]),
      );
      const session = await sessionFor(sizes);
      const go = (on: InferenceSession, given: typeof feeds) => (fetches ? on.run(given, fetches) : on.run(given));
      const goAnySize = async () => {
        anySize ??= parts.openAnySize();
        return go(await anySize, feeds);
      };
      if (!session) return goAnySize();
      const given = Object.fromEntries(
        Object.entries(feeds).map(([name, tensor]) => [
          name,
          sized(tensor, dimsFor(graph.inputs, name, tensor, sizes)),
        ]),
      );
      const results = await go(session, given).catch((error) => refuse(JSON.stringify(sizes), error));
      if (!results) return goAnySize();
      return Object.fromEntries(
        Object.entries(results).map(([name, tensor]) => [
          name,
          sized(tensor, dimsFor(graph.outputs, name, tensor, asked)),
        ]),
      );
    },
    placement: () => ({ component, ...(worst ?? { nodes: 0, webnnNodes: 0 }) }),
    bytes: () => open.size * weightBytes,
    async release() {
      const sessions = [...open.values()].map(({ session }) => session);
      open.clear();
      if (anySize) sessions.push(await anySize);
      anySize = undefined;
      for (const session of sessions) await session.release();
    },
  };
}

function reasonFor(nodes: number, webnnNodes: number): string | undefined {
  if (nodes === 0) return 'The runtime does not tell which nodes WebNN took.';
  return webnnNodes < nodes ? `WebNN did not take ${nodes - webnnNodes} of the nodes.` : undefined;
}

/** Dimensions of a tensor with the named ones at these sizes. */
function dimsFor(values: FixedSessionParts['graph']['inputs'], name: string, { dims }: Tensor, sizes: Sizes): number[] {
  const named = values.find((value) => value.name === name)?.dims ?? [];
  return dims.map((size, axis) => {
    const dim = named[axis];
    return typeof dim === 'string' ? (sizes[dim] ?? size) : size;
  });
}
