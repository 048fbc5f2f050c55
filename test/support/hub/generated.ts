import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gitOidOf, type HubFile, type HubRepo, repoOf } from './repo.ts';

/** The shape of a decoder whose checkpoint is made up as it is read. */
export interface GeneratedShape {
  readonly vocabulary: number;
  readonly hidden: number;
  readonly intermediate: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly contextTokens: number;
  readonly shards: number;
  readonly seed: number;
}

/** Names, shapes and types of mistralai/Mistral-7B-v0.1, in three shards: 14.5 GB. */
export const MISTRAL_7B: GeneratedShape = {
  vocabulary: 32_000,
  hidden: 4096,
  intermediate: 14_336,
  layers: 32,
  heads: 32,
  keyValueHeads: 8,
  contextTokens: 32_768,
  shards: 3,
  seed: 7,
};

/** A parameter of a made-up checkpoint. */
export interface GeneratedTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Parameters in the order in which checkpoints hold them. */
export function tensorsOf({
  vocabulary,
  hidden,
  intermediate,
  layers,
  heads,
  keyValueHeads,
}: GeneratedShape): GeneratedTensor[] {
  const headSize = hidden / heads;
  const layer = (at: number): GeneratedTensor[] => {
    const name = (part: string) => `model.layers.${at}.${part}.weight`;
    return [
      { name: name('input_layernorm'), shape: [hidden] },
      { name: name('mlp.down_proj'), shape: [hidden, intermediate] },
      { name: name('mlp.gate_proj'), shape: [intermediate, hidden] },
      { name: name('mlp.up_proj'), shape: [intermediate, hidden] },
      { name: name('post_attention_layernorm'), shape: [hidden] },
      { name: name('self_attn.k_proj'), shape: [keyValueHeads * headSize, hidden] },
      { name: name('self_attn.o_proj'), shape: [hidden, hidden] },
      { name: name('self_attn.q_proj'), shape: [heads * headSize, hidden] },
      { name: name('self_attn.v_proj'), shape: [keyValueHeads * headSize, hidden] },
    ];
  };
  return [
    { name: 'model.embed_tokens.weight', shape: [vocabulary, hidden] },
    ...Array.from({ length: layers }, (_, at) => layer(at)).flat(),
    { name: 'model.norm.weight', shape: [hidden] },
    { name: 'lm_head.weight', shape: [vocabulary, hidden] },
  ];
}

const countOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
const BYTES = 2;

/** Elements of the pattern that weights are cut from; odd, so that rows do not repeat it in step. */
const PATTERN_ELEMENTS = 2 ** 19 - 1;

/** bfloat16 numbers between -1 and 1, spread evenly, the same for the same seed. */
function makePattern(seed: number): Uint8Array {
  const values = new Float32Array(PATTERN_ELEMENTS);
  let state = seed >>> 0;
  for (let at = 0; at < values.length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    // Of the size of trained weights, so that activations stay in range over many layers.
    values[at] = (state / 2 ** 31 - 1) * 0.03;
  }
  const words = new Uint32Array(values.buffer);
  return new Uint8Array(Uint16Array.from(words, (word) => word >>> 16).buffer);
}

/** bfloat16 of 1: what norms multiply with. */
const ONE = Uint8Array.of(0x80, 0x3f);

/** A shard whose bytes are made as they are read; nothing of it is stored. */
function makeShard(tensors: readonly GeneratedTensor[], pattern: Uint8Array): Omit<HubFile, 'sha256' | 'gitOid'> {
  let offset = 0;
  const entries = tensors.map(({ name, shape }) => {
    const begin = offset;
    offset += countOf(shape) * BYTES;
    return { name, shape, begin, end: offset };
  });
  const header = Object.fromEntries(
    entries.map(({ name, shape, begin, end }) => [name, { dtype: 'BF16', shape, data_offsets: [begin, end] }]),
  );
  const json = new TextEncoder().encode(JSON.stringify({ __metadata__: { format: 'pt' }, ...header }));
  const padded = new Uint8Array(Math.ceil(json.byteLength / 8) * 8).fill(0x20);
  padded.set(json);
  const head = new Uint8Array(8 + padded.byteLength);
  new DataView(head.buffer).setBigUint64(0, BigInt(padded.byteLength), true);
  head.set(padded, 8);

  function fill(target: Uint8Array, begin: number, isNorm: boolean): void {
    if (isNorm) {
      for (let at = 0; at < target.length; at += 1) target[at] = ONE[(begin + at) & 1] ?? 0;
      return;
    }
    for (let at = 0; at < target.length; ) {
      const from = (begin + at) % pattern.length;
      const piece = pattern.subarray(from, from + target.length - at);
      target.set(piece, at);
      at += piece.length;
    }
  }

  return {
    bytes: head.byteLength + offset,
    lfs: true,
    async read(begin, end) {
      const target = new Uint8Array(end - begin);
      if (begin < head.byteLength) target.set(head.subarray(begin, end));
      for (const entry of entries) {
        const from = Math.max(begin, head.byteLength + entry.begin);
        const to = Math.min(end, head.byteLength + entry.end);
        if (from >= to) continue;
        fill(target.subarray(from - begin, to - begin), from - head.byteLength, entry.shape.length === 1);
      }
      return target;
    },
  };
}

async function hashOf(file: Omit<HubFile, 'sha256' | 'gitOid'>): Promise<string> {
  const hash = createHash('sha256');
  const step = 16 * 2 ** 20;
  for (let at = 0; at < file.bytes; at += step) hash.update(await file.read(at, Math.min(file.bytes, at + step)));
  return hash.digest('hex');
}

/** Files of a made-up checkpoint in the order of its parameters, the index of the shards among them. */
export async function generatedFiles(
  tensors: readonly GeneratedTensor[],
  { shards, seed }: Pick<GeneratedShape, 'shards' | 'seed'>,
): Promise<Record<string, string | HubFile | Uint8Array>> {
  const pattern = makePattern(seed);
  const total = tensors.reduce((sum, tensor) => sum + countOf(tensor.shape) * BYTES, 0);
  const groups: GeneratedTensor[][] = Array.from({ length: shards }, () => []);
  let done = 0;
  for (const tensor of tensors) {
    groups[Math.min(shards - 1, Math.floor((done / total) * shards))]?.push(tensor);
    done += countOf(tensor.shape) * BYTES;
  }
  const files: Record<string, string | HubFile | Uint8Array> = {};
  const weight_map: Record<string, string> = {};
  for (const [at, group] of groups.entries()) {
    const five = (n: number) => String(n).padStart(5, '0');
    const name = shards === 1 ? 'model.safetensors' : `model-${five(at + 1)}-of-${five(shards)}.safetensors`;
    const shard = makeShard(group, pattern);
    files[name] = { ...shard, sha256: await hashOf(shard), gitOid: gitOidOf(new Uint8Array(0)) };
    for (const tensor of group) weight_map[tensor.name] = name;
  }
  if (shards > 1) {
    files['model.safetensors.index.json'] = JSON.stringify({ metadata: { total_size: total }, weight_map });
  }
  return files;
}

/** A repository with a made-up checkpoint of this shape and the packaged model's tokenizer. */
export async function generatedRepo(shape: GeneratedShape): Promise<HubRepo> {
  const files = await generatedFiles(tensorsOf(shape), shape);
  files['config.json'] = JSON.stringify(configOf(shape));
  for (const name of ['tokenizer_config.json', 'generation_config.json']) {
    files[name] = await readFile(`models/storyteller/${name}`);
  }
  files['tokenizer.json'] = await paddedTokenizer(shape.vocabulary);
  return repoOf(files, { licence: 'apache-2.0' });
}

/** The packaged model's tokenizer, filled up with tokens that no text has until it names as many as there are. */
async function paddedTokenizer(vocabulary: number): Promise<string> {
  const tokenizer = JSON.parse(await readFile('models/storyteller/tokenizer.json', 'utf8')) as {
    model: { vocab: Record<string, number> };
  };
  const { vocab } = tokenizer.model;
  for (let id = Object.keys(vocab).length; id < vocabulary; id += 1) vocab[`filler-${id}`] = id;
  return JSON.stringify(tokenizer);
}

/** What the checkpoint's `config.json` says. */
export function configOf(shape: GeneratedShape) {
  return {
    architectures: ['MistralForCausalLM'],
    model_type: 'mistral',
    hidden_act: 'silu',
    hidden_size: shape.hidden,
    intermediate_size: shape.intermediate,
    max_position_embeddings: shape.contextTokens,
    num_attention_heads: shape.heads,
    num_hidden_layers: shape.layers,
    num_key_value_heads: shape.keyValueHeads,
    rms_norm_eps: 1e-5,
    rope_theta: 10_000,
    sliding_window: 4096,
    tie_word_embeddings: false,
    torch_dtype: 'bfloat16',
    vocab_size: shape.vocabulary,
    bos_token_id: 1,
    eos_token_id: 2,
  };
}
