import { ADAPTER_CONFIG, ADAPTER_WEIGHTS } from '../../src/protocol/model-files.ts';
import { type MadeParam, scattered } from './changed-params.ts';
import { openFolder } from './node-graphs.ts';
import { writeSafetensors } from './write-safetensors.ts';

/** Which layers of a model an adapter changes, by the ends of their names. */
export interface AdapterShape {
  /** Repository of the model. */
  readonly base: string;
  readonly added: readonly string[];
  readonly replaced?: readonly string[];
  /** How strongly it changes them; of another sign, it is another adapter. */
  readonly strength?: number;
}

export interface MadeAdapter {
  /** The files of its repository, as PEFT writes them. */
  readonly files: Readonly<Record<string, Uint8Array<ArrayBuffer> | string>>;
  /** The model's weights with the adapter's change worked into them. */
  readonly merged: Uint8Array<ArrayBuffer>;
}

const RANK = 3;
const ALPHA = 6;

/** An adapter of scattered numbers for the model in a folder, and what both come to together. */
export async function makeAdapter(folder: string, shape: AdapterShape): Promise<MadeAdapter> {
  const { base, added, replaced = [], strength = 0.2 } = shape;
  const { table, reader } = await openFolder(folder);
  const own: Record<string, MadeParam> = {};
  const merged: Record<string, MadeParam> = {};
  const isOne = (layer: string, endings: readonly string[]) => endings.some((ending) => layer.endsWith(ending));
  for (const param of table.names()) {
    const { shape: dims = [] } = table.get(param) ?? {};
    const values = await reader.rows(param, 0, dims[0] ?? 1);
    merged[param] ??= { shape: dims, values };
    const layer = param.slice(0, -'.weight'.length);
    if (!param.endsWith('.weight') || dims.length !== 2) continue;
    const [outputs = 0, inputs = 0] = dims;
    const name = `base_model.model.${layer}`;
    if (isOne(layer, added)) {
      const down = scattered([RANK, inputs], strength);
      const up = scattered([outputs, RANK], 0.3);
      own[`${name}.lora_A.weight`] = down;
      own[`${name}.lora_B.weight`] = up;
      merged[param] = { shape: dims, values: plus(values, up.values, down.values, inputs) };
    } else if (isOne(layer, replaced)) {
      own[`${name}.weight`] = merged[param] = scattered(dims, 2 * strength);
      own[`${name}.bias`] = merged[`${layer}.bias`] = scattered([outputs], 3 * strength);
    }
  }
  const config = {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: base,
    r: RANK,
    lora_alpha: ALPHA,
    target_modules: added,
    modules_to_save: replaced.length > 0 ? replaced : null,
    bias: 'none',
  };
  return {
    files: { [ADAPTER_CONFIG]: JSON.stringify(config), [ADAPTER_WEIGHTS]: writeSafetensors(own) },
    merged: writeSafetensors(merged),
  };
}

/** `values` [outputs, inputs] with the scaled product of `up` [outputs, rank] and `down` [rank, inputs] added. */
function plus(values: Float32Array, up: ArrayLike<number>, down: ArrayLike<number>, inputs: number): Float32Array {
  return Float32Array.from(values, (value, at) => {
    const [row, column] = [Math.floor(at / inputs), at % inputs];
    let sum = 0;
    for (let k = 0; k < RANK; k += 1) sum += Number(up[row * RANK + k]) * Number(down[k * inputs + column]);
    return value + (ALPHA / RANK) * sum;
  });
}
