import type { TensorMap } from '../../../src/protocol/tensor.ts';
import { ELEMENT_SIZES } from '../../graphs/build/value.ts';
import type { NewTokens } from '../../tasks/decoder.ts';
import type { Graph, GraphInput } from '../../tasks/graph.ts';
import type { OrtDecoder } from './decoder.ts';

/** Tokens of the trial prompt: enough for the kernels that prompts use, which differ from those for one token. */
const TRIAL_TOKENS = 8;
/** A second of sound: convolutions need more than a few samples. */
const TRIAL_SAMPLES = 16_000;

/** Runs a prompt and a token once, so that the device has compiled everything before the first request. */
export async function tryDecoder({ shape, openBlank }: OrtDecoder): Promise<void> {
  const blank = (count: number): NewTokens =>
    shape.embeddings ? new Float32Array(count * shape.hidden) : new Array<number>(count).fill(0);
  const sequence = await openBlank();
  try {
    const tokens = Math.min(TRIAL_TOKENS, shape.contextTokens - 1);
    await sequence.advance(blank(tokens));
    await sequence.advance(blank(1));
  } finally {
    sequence.close();
  }
}

/** Runs a graph once on inputs of likely shapes, for the same reason. */
export async function tryGraph(graph: Graph): Promise<void> {
  const inputs: TensorMap = Object.fromEntries(graph.inputs.map((input) => [input.name, trialTensor(input)]));
  await graph.run(inputs, { signal: new AbortController().signal, onCompute: () => {} });
}

/** Ones for integers, which masks take as "all" and tables as a row that exists; zeros for everything else. */
function trialTensor({ element, dims = [] }: GraphInput): TensorMap[string] {
  const sizes = dims.map((dim) => (typeof dim === 'number' ? dim : trialSize(dim)));
  const count = sizes.reduce((product, size) => product * size, 1);
  if (element === 'int64') return { dtype: 'int64', dims: sizes, data: new BigInt64Array(count).fill(1n).buffer };
  if (element === 'int32') return { dtype: 'int32', dims: sizes, data: new Int32Array(count).fill(1).buffer };
  if (element !== 'float32') throw new TypeError(`Inputs of type ${element} are not tried.`);
  return { dtype: element, dims: sizes, data: new ArrayBuffer(count * ELEMENT_SIZES[element]) };
}

function trialSize(dim: string): number {
  if (dim === 'samples') return TRIAL_SAMPLES;
  return dim.includes('tokens') ? TRIAL_TOKENS : 1;
}
