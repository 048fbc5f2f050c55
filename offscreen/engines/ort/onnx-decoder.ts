import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { WebplatError } from '../../../src/protocol/errors.ts';
import { float16ToNumber, numberToFloat16 } from '../../checkpoint/float16.ts';
import type { DecoderShape } from '../../graphs/graph.ts';
import { cachesOf, EXPORT_IO } from '../../onnx/decoder-io.ts';
import type { Declared, OnnxHeader } from '../../onnx/header.ts';
import type { EncoderStates, StepResult } from '../../tasks/decoder.ts';
import { type Context, createOrtDecoder, type Dialect, NO_CONTEXT, type OrtDecoder, type Step } from './decoder.ts';
import { fromOrt, type RunSetting, runInTurn, toOrt } from './graph-runner.ts';
import { createOnnxCache, type OnnxCache } from './onnx-cache.ts';
import type { OrtModule } from './runtime.ts';

/** A graph of a decoder, and its session. */
export interface DecoderGraphFile {
  readonly header: OnnxHeader;
  readonly session: InferenceSession;
}

export interface OnnxDecoderParts extends RunSetting {
  readonly shape: DecoderShape;
  readonly maxSequences: number;
  /** The graph that a text begins with, and the one that it goes on with, which may be the same. */
  readonly first: DecoderGraphFile;
  readonly next: DecoderGraphFile;
}

/** Bytes of the logits that one run may give: a long prompt is read in pieces, where the graph can go on with several tokens. */
const MOST_LOGIT_BYTES = 64 * 2 ** 20;
/** States that the graph is tried with, where their number is not fixed. */
const TRIAL_STATES = 8;

/** A decoder that Optimum exported, with its own names for caches and everything else. */
export function createOnnxDecoder(parts: OnnxDecoderParts): OrtDecoder {
  const { ort, shape, maxSequences, first, next } = parts;
  const caches = cachesOf(next.header);
  const dialect: Dialect = {
    context: (about) => contextOf(parts, about),
    blank() {
      if (!shape.encoder) return NO_CONTEXT();
      const states = Math.min(
        shape.encoder.states,
        declared(first, EXPORT_IO.encoderStates)?.dims?.[1] === shape.encoder.states
          ? shape.encoder.states
          : TRIAL_STATES,
      );
      return contextOf(parts, { values: new Float32Array(states * shape.encoder.hidden) });
    },
    async step({ cache, context, length }, { tokens, count, positions }) {
      const ids = tokens as readonly number[];
      const logits = new Float32Array(positions.length * shape.vocabularySize);
      let computeMs = 0;
      for (let at = 0; at < count; ) {
        const size = pieceOf(parts, count - at);
        const piece = { tokens: ids.slice(at, at + size), count: size, positions: positions.map((row) => row - at) };
        computeMs += await runPiece(parts, cache as OnnxCache, context, length + at, piece, logits);
        at += size;
      }
      return { logits, computeMs } satisfies StepResult;
    },
  };
  return createOrtDecoder({
    ...parts,
    session: next.session,
    shape,
    maxSequences,
    makeCache: async () => createOnnxCache(ort, caches),
    dialect,
  });
}

const declared = ({ header }: DecoderGraphFile, name: string): Declared | undefined =>
  header.inputs.find((input) => input.name === name);

/** Tokens that are read at once. Graphs of two branches, or two graphs, go on with one token at a time only. */
function pieceOf({ first, next, shape }: OnnxDecoderParts, left: number): number {
  const whole = first !== next || declared(first, EXPORT_IO.useCache) !== undefined || shape.encoder !== undefined;
  if (whole || EXPORT_IO.logitsToKeep.some((name) => declared(first, name))) return left;
  return Math.min(left, Math.max(1, Math.floor(MOST_LOGIT_BYTES / (shape.vocabularySize * 4))));
}

function contextOf({ ort, first, next, shape }: OnnxDecoderParts, { values, mask }: EncoderStates): Context {
  const { hidden = 1 } = shape.encoder ?? {};
  const count = values.length / hidden;
  const feeds: Record<string, Tensor> = {};
  const states = declared(first, EXPORT_IO.encoderStates) ?? declared(next, EXPORT_IO.encoderStates);
  if (states) {
    const dims = [1, count, hidden];
    // Graphs in halves take the states in halves.
    feeds[states.name] =
      states.element === 'float16'
        ? toOrt(ort, { dtype: 'float16', dims, data: Uint16Array.from(values, numberToFloat16).buffer })
        : new ort.Tensor('float32', values, dims);
  }
  for (const graph of [first, next]) {
    const input = declared(graph, EXPORT_IO.encoderMask);
    if (input) feeds[input.name] = integers(ort, input, mask ?? new Array<number>(count).fill(1), [1, count]);
  }
  return { feeds, computeMs: 0, dispose: () => {} };
}

/** Runs one piece of a text and copies the logits of those positions that lie in it; answers the time. */
async function runPiece(
  parts: OnnxDecoderParts,
  cache: OnnxCache,
  context: Context,
  length: number,
  { tokens, count, positions }: Omit<Step, 'tokens'> & { readonly tokens: readonly number[] },
  logits: Float32Array,
): Promise<number> {
  const graph = cache.started ? parts.next : parts.first;
  const { vocabularySize } = parts.shape;
  const inside = positions.filter((row) => row >= 0 && row < count);
  const rows = inside.length === 0 ? 1 : count - Math.min(...inside);
  const given: Readonly<Record<string, Tensor>> = { ...context.feeds, ...cache.feeds() };
  const feeds = Object.fromEntries(
    graph.header.inputs.map((input) => [
      input.name,
      given[input.name] ?? inputOf(parts, input, { tokens, length, rows, started: cache.started }),
    ]),
  );
  const wanted = [EXPORT_IO.logits, ...Object.keys(cache.fetches())].filter((name) =>
    graph.header.outputs.some((output) => output.name === name),
  );
  const { value, computeMs } = await runInTurn(parts, async () => {
    const results = await graph.session.run(feeds, wanted);
    const output = results[EXPORT_IO.logits];
    if (!output) throw new WebplatError('engine-failed');
    cache.keep(results);
    const read = floatsOf(output);
    output.dispose();
    return read;
  });
  // A graph that was asked for the last logits gives as many rows as it was asked for.
  const given0 = value.length / vocabularySize;
  const before = count - given0;
  for (const [at, row] of positions.entries()) {
    if (row < 0 || row >= count) continue;
    const start = (row - before) * vocabularySize;
    const values = value.subarray(start, start + vocabularySize);
    if (start < 0 || values.length !== vocabularySize) throw new WebplatError('engine-failed');
    logits.set(values, at * vocabularySize);
  }
  return computeMs;
}

interface InputState {
  readonly tokens: readonly number[];
  readonly length: number;
  readonly rows: number;
  readonly started: boolean;
}

/** What a decoder is told of a piece of text. */
function inputOf({ ort }: OnnxDecoderParts, input: Declared, { tokens, length, rows, started }: InputState): Tensor {
  const { name } = input;
  const count = tokens.length;
  const positions = () => Array.from({ length: count }, (_, at) => length + at);
  const whole = length + count;
  if (name === EXPORT_IO.inputIds) return integers(ort, input, tokens, [1, count]);
  if (name === EXPORT_IO.attentionMask || name === EXPORT_IO.decoderMask) {
    return integers(ort, input, new Array<number>(whole).fill(1), [1, whole]);
  }
  if (name === EXPORT_IO.positionIds) return integers(ort, input, positions(), [1, count]);
  if (name === EXPORT_IO.cachePosition) return integers(ort, input, positions(), [count]);
  if (name === EXPORT_IO.useCache)
    return toOrt(ort, { dtype: 'bool', dims: [1], data: Uint8Array.of(started ? 1 : 0).buffer });
  return integers(ort, input, [rows], input.dims?.length === 0 ? [] : [1]);
}

function integers(ort: OrtModule, { element }: Declared, values: readonly number[], dims: number[]): Tensor {
  if (element === 'int32') return new ort.Tensor('int32', Int32Array.from(values), dims);
  if (element === 'bool') return new ort.Tensor('bool', Uint8Array.from(values), dims);
  return new ort.Tensor('int64', BigInt64Array.from(values, BigInt), dims);
}

function floatsOf(tensor: Tensor): Float32Array {
  const { dtype, data } = fromOrt(tensor);
  if (dtype === 'float32') return new Float32Array(data);
  if (dtype === 'float16') return Float32Array.from(new Uint16Array(data), float16ToNumber);
  throw new WebplatError('engine-failed');
}
