import { WebplatError } from '../../src/protocol/errors.ts';
import type { AdapterConfig } from './adapter-config.ts';
import type { ParamReader, ParamTable } from './checkpoint.ts';
import type { ModelBytes } from './model-bytes.ts';
import { openParams } from './params.ts';

/** What an adapter does to one linear layer of a model; matrices are parameters of the adapter. */
export type LayerChange =
  /** `scale` * `up` [outputs, rank] * `down` [rank, inputs] is added to the layer's matrix. */
  | {
      readonly kind: 'added';
      readonly rank: number;
      readonly scale: number;
      readonly down: string;
      readonly up: string;
    }
  /** `weight` [outputs, inputs] and `bias` [outputs] take the place of the layer's own. */
  | { readonly kind: 'replaced'; readonly weight: string; readonly bias: string | undefined };

/** An adapter's weights, by the layers of the model that it changes. */
export interface AdapterWeights {
  readonly changes: ReadonlyMap<string, LayerChange>;
  readonly reader: ParamReader;
}

/** How PEFT names the model inside of its own. */
const PREFIX = 'base_model.model.';
/** Ranks of published adapters end far below; more is no adapter. */
const MOST_RANK = 1024;
/** Outputs of a layer that is replaced as a whole: heads have few. */
const MOST_REPLACED_OUTPUTS = 1024;

const corrupt = (reason: string) => new WebplatError('model-corrupt', undefined, { reason });
const unsupported = (reason: string) => new WebplatError('model-unsupported', undefined, { reason });

/**
 * Opens the weights of a LoRA adapter as PEFT writes them: `LAYER.lora_A.weight` [rank, inputs] and `LAYER.lora_B.weight`
 * [outputs, rank], and layers that were trained as a whole. Only the header is read.
 *
 * @param base parameters of the model that it changes
 * @throws WebplatError `model-corrupt`, `model-unsupported`
 */
export async function openAdapter(file: ModelBytes, config: AdapterConfig, base: ParamTable): Promise<AdapterWeights> {
  const { table, reader } = await openParams(new Map([['model.safetensors', file]]));
  const changes = new Map<string, LayerChange>();
  const findLayer = layersOf(base);
  for (const param of table.names()) {
    const { layer, role } = readName(param);
    const name = findLayer(layer);
    if (!name) throw corrupt(`The adapter changes ${layer.slice(0, 128)}, which the model does not have.`);
    if (changes.has(name)) continue;
    const dims = base.get(`${name}.weight`)?.shape ?? [];
    const stem = param.slice(0, -role.length);
    changes.set(
      name,
      role.startsWith('.lora_') ? addition(table, stem, name, dims, config) : exchange(table, stem, dims),
    );
  }
  if (changes.size === 0) throw corrupt('The adapter changes nothing.');
  return { changes, reader };
}

const ROLES = /^(.+?)(\.lora_[AB](?:\.default)?\.weight|(?:\.modules_to_save(?:\.default)?)?\.(?:weight|bias))$/;

function readName(param: string): { layer: string; role: string } {
  const [, layer, role] = ROLES.exec(param.startsWith(PREFIX) ? param.slice(PREFIX.length) : '') ?? [];
  if (layer && role && !layer.includes('.lora_') && !layer.endsWith('original_module')) return { layer, role };
  throw unsupported(
    `The adapter has ${param.slice(0, 128)}. Only low-rank changes of linear layers, and heads, run here.`,
  );
}

/** Finds the layers of a model; classes of models put a name before those of their bodies, or leave one out. */
function layersOf(base: ParamTable): (layer: string) => string | undefined {
  const layers = base.names().flatMap((name) => (name.endsWith('.weight') ? [name.slice(0, -'.weight'.length)] : []));
  const known = new Set(layers);
  return (layer) => {
    if (known.has(layer)) return layer;
    const longer = layers.filter((name) => name.endsWith(`.${layer}`));
    if (longer.length === 1) return longer[0];
    const shorter = layer.slice(layer.indexOf('.') + 1);
    return known.has(shorter) ? shorter : undefined;
  };
}

const same = (a: readonly number[] | undefined, b: readonly (number | undefined)[]): boolean =>
  a?.length === b.length && a.every((size, at) => size === b[at]);

function addition(
  table: ParamTable,
  stem: string,
  layer: string,
  [outputs, inputs]: readonly number[],
  config: AdapterConfig,
): LayerChange {
  const find = (part: 'A' | 'B') =>
    [`${stem}.lora_${part}.weight`, `${stem}.lora_${part}.default.weight`].find((name) => table.get(name)) ?? '';
  const [down, up] = [find('A'), find('B')];
  const rank = table.get(down)?.shape[0] ?? 0;
  if (rank < 1 || !same(table.get(down)?.shape, [rank, inputs]) || !same(table.get(up)?.shape, [outputs, rank])) {
    throw corrupt(`The adapter's matrices for ${layer.slice(0, 128)} do not fit the layer.`);
  }
  if (rank > MOST_RANK) throw unsupported(`The adapter is of rank ${rank}; at most ${MOST_RANK} runs here.`);
  return { kind: 'added', rank, scale: config.scale(layer, rank), down, up };
}

function exchange(table: ParamTable, stem: string, dims: readonly number[]): LayerChange {
  const find = (part: string) =>
    ['.modules_to_save.default', '.modules_to_save', '']
      .map((kept) => `${stem}${kept}.${part}`)
      .find((name) => table.get(name));
  const [weight, bias] = [find('weight'), find('bias')];
  const [outputs = 0] = dims;
  if (
    !weight ||
    dims.length !== 2 ||
    !same(table.get(weight)?.shape, dims) ||
    (bias && !same(table.get(bias)?.shape, [outputs]))
  ) {
    throw corrupt(
      `The adapter's own ${stem.slice(PREFIX.length).slice(0, 128)} does not have the shape of the model's.`,
    );
  }
  if (outputs > MOST_REPLACED_OUTPUTS) {
    throw unsupported(`The adapter replaces a layer of ${outputs} outputs; at most ${MOST_REPLACED_OUTPUTS} run here.`);
  }
  return { kind: 'replaced', weight, bias };
}
