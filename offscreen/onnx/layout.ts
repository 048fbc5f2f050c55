import * as v from 'valibot';
import type { Precision } from '../../src/protocol/hardware-names.ts';
import { isGraph } from '../../src/protocol/model-files.ts';

/**
 * How repositories that were made for transformers.js store the weights of a graph, and what that adds to the file's name
 * (https://huggingface.co/docs/transformers.js/guides/dtypes).
 */
export const SUFFIXES = {
  fp32: '',
  fp16: '_fp16',
  int8: '_int8',
  uint8: '_uint8',
  q8: '_quantized',
  q4: '_q4',
  q4f16: '_q4f16',
  bnb4: '_bnb4',
} as const;
export type GraphDtype = keyof typeof SUFFIXES;

const DTYPES = Object.keys(SUFFIXES) as GraphDtype[];

/** A graph's file: its path, and what its name says. */
export interface GraphFile {
  readonly path: string;
  /** Name without folder, ending and storage: the same for all files of one graph. */
  readonly stem: string;
  readonly dtype: GraphDtype;
}

export function graphFiles(paths: readonly string[]): readonly GraphFile[] {
  return paths.filter(isGraph).map((path) => {
    const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.onnx$/, '');
    const dtype = DTYPES.find((known) => SUFFIXES[known] !== '' && name.endsWith(SUFFIXES[known])) ?? 'fp32';
    return { path, stem: name.slice(0, name.length - SUFFIXES[dtype].length), dtype };
  });
}

/** What a choice between files of one graph depends on. */
export interface ChoiceSetting {
  readonly device: 'wasm' | 'webgpu';
  /** Whether the device computes in binary16. */
  readonly half: boolean;
  /** How weights are to be stored, where somebody chose. */
  readonly precision?: Precision | undefined;
  /** What config.json recommends for the graph. */
  readonly recommended?: GraphDtype | undefined;
  /** Whether the graph would take so much memory as float32 that exactness is not worth it. */
  readonly large: boolean;
}

const ASKED: Record<Precision, readonly GraphDtype[]> = {
  fp32: ['fp32'],
  fp16: ['fp16'],
  q8: ['q8', 'int8', 'uint8'],
  q4: ['q4f16', 'q4', 'bnb4'],
};
/** The processor computes products of 8-bit integers fast, and has no binary16. */
const ON_WASM: readonly GraphDtype[] = ['q8', 'int8', 'uint8', 'fp32', 'q4', 'bnb4', 'fp16', 'q4f16'];
const ON_WEBGPU: readonly GraphDtype[] = ['fp32', 'fp16', 'q4f16', 'q4', 'q8', 'int8', 'uint8', 'bnb4'];
const LARGE_ON_WEBGPU: readonly GraphDtype[] = ['q4f16', 'q4', 'fp16', 'bnb4', 'q8', 'int8', 'uint8', 'fp32'];
const HALVES: ReadonlySet<GraphDtype> = new Set(['fp16', 'q4f16']);

/** Ways to store a graph, best first, as transformers.js recommends them for a device; those that it cannot run are not among them. */
export function preferredDtypes({ device, half, precision, recommended, large }: ChoiceSetting): readonly GraphDtype[] {
  const usual = device === 'wasm' ? ON_WASM : large ? LARGE_ON_WEBGPU : ON_WEBGPU;
  const first = precision ? ASKED[precision] : recommended ? [recommended] : [];
  const runs = (dtype: GraphDtype) => half || device === 'wasm' || !HALVES.has(dtype);
  return [
    ...new Set([...first.filter((dtype) => device !== 'wasm' || precision || !HALVES.has(dtype)), ...usual]),
  ].filter(runs);
}

/** The file of a graph that is best for a device; undefined where none runs there. */
export function chooseFile(files: readonly GraphFile[], setting: ChoiceSetting): GraphFile | undefined {
  for (const dtype of preferredDtypes(setting)) {
    const found = files.find((file) => file.dtype === dtype);
    if (found) return found;
  }
  return undefined;
}

const Recommendation = v.object({
  'transformers.js_config': v.object({ dtype: v.union([v.string(), v.record(v.string(), v.unknown())]) }),
});

/** How config.json recommends to store a graph; undefined where it says nothing that is understood. */
export function recommendedDtype(config: unknown, stem: string): GraphDtype | undefined {
  const parsed = v.safeParse(Recommendation, config);
  if (!parsed.success) return undefined;
  const { dtype } = parsed.output['transformers.js_config'];
  const named = typeof dtype === 'string' ? dtype : dtype[stem];
  return DTYPES.find((known) => known === named);
}

/** Whether a file holds weights of a graph, by its name: how exporters call such files. */
export const isDataOf = (graphPath: string, path: string): boolean =>
  path.startsWith(graphPath) && /^(_data(_\d+)?|\.data)$/.test(path.slice(graphPath.length));

/** Bytes of a graph and of those of its weights that lie in files called after it. */
export function graphBytes(
  files: readonly { readonly path: string; readonly bytes: number }[],
  graphPath: string,
): number {
  return files
    .filter(({ path }) => path === graphPath || isDataOf(graphPath, path))
    .reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Bytes as float32 of a graph that is large. */
const LARGE_BYTES = 2 ** 30;

/** Whether a graph, of which these are all files, is large. */
export function isLarge(
  files: readonly { readonly path: string; readonly bytes: number }[],
  variants: readonly GraphFile[],
): boolean {
  const exact = variants.find(({ dtype }) => dtype === 'fp32') ?? variants[0];
  return exact !== undefined && graphBytes(files, exact.path) > LARGE_BYTES;
}
