import type { ComponentGraph } from '../../../families/family.ts';
import type { EmittedGraph, WeightPart } from '../../../graphs/build/graph-builder.ts';
import type { PlannedWeight } from '../../../graphs/build/recipe.ts';
import { partOfLayer } from '../../../graphs/decoder-layers.ts';
import type { DecoderPieces } from '../../../graphs/graph.ts';

/** A file of weights, by the inputs that they are fed to. */
export interface WeightFile {
  readonly file: string;
  readonly bytes: number;
  readonly weights: readonly PlannedWeight[];
}

/** A decoder whose layers are run one after the other by one graph. */
export interface StreamLayout {
  readonly pieces: DecoderPieces;
  /** What stays: tables, and the layers at the ends. */
  readonly ends: readonly WeightFile[];
  /** All layers, their weights by the names of the first one's. */
  readonly layers: readonly WeightFile[];
}

/** How a decoder can be streamed; undefined where it has no pieces, or layers that are not alike. */
export function streamLayout(graph: Pick<ComponentGraph, 'parts' | 'pieces' | 'shape'>): StreamLayout | undefined {
  const pieces = graph.pieces?.();
  if (!pieces || !graph.shape) return undefined;
  const names = Array.from({ length: graph.shape.layers }, (_, layer) => partOfLayer(layer));
  const parts = names.map((name) => graph.parts.find((part) => part.name === name));
  const [first, ...others] = parts;
  if (!first || !others.every((part) => part && isAlike(part, first))) return undefined;
  const inputs = weightsOf(first);
  return {
    pieces,
    ends: graph.parts
      .filter(({ name }) => !names.includes(name))
      .map((part) => ({ file: part.file, bytes: part.bytes, weights: weightsOf(part) })),
    layers: parts.flatMap((part) => (part ? [{ file: part.file, bytes: part.bytes, weights: inputs }] : [])),
  };
}

/** Weights of a part, in the order in which emitters ask for them. */
const weightsOf = ({ steps }: WeightPart): readonly PlannedWeight[] => steps.flatMap(({ weights }) => weights);

function isAlike(a: WeightPart, b: WeightPart): boolean {
  const [ours, theirs] = [weightsOf(a), weightsOf(b)];
  return (
    ours.length === theirs.length &&
    ours.every(({ element, dims, offset, bytes }, at) => {
      const other = theirs[at];
      return (
        element === other?.element &&
        offset === other.offset &&
        bytes === other.bytes &&
        dims.length === other.dims.length &&
        dims.every((dim, axis) => dim === other.dims[axis])
      );
    })
  );
}

/** Names of the weights that a piece is fed. */
export const weightNames = ({ parts }: EmittedGraph): readonly string[] =>
  parts.flatMap((part) => weightsOf(part).map(({ name }) => name));

/** Whether a layer stays in memory where `kept` of `layers` do: as evenly between the others as can be, which load meanwhile. */
export const isKept = (layer: number, kept: number, layers: number): boolean =>
  Math.floor(((layer + 1) * kept) / layers) > Math.floor((layer * kept) / layers);
