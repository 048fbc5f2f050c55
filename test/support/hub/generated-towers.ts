import { readFile } from 'node:fs/promises';
import { configOf, type GeneratedShape, type GeneratedTensor, generatedFiles, tensorsOf } from './generated.ts';
import { type HubRepo, repoOf } from './repo.ts';

/** Sizes of one tower of a made-up model of pictures and texts. */
export interface TowerShape {
  readonly hidden: number;
  readonly intermediate: number;
  readonly layers: number;
  readonly heads: number;
}

const SEED = 11;

const linear = (name: string, outputs: number, inputs: number): GeneratedTensor[] => [
  { name: `${name}.weight`, shape: [outputs, inputs] },
  { name: `${name}.bias`, shape: [outputs] },
];
const norm = (name: string, size: number): GeneratedTensor[] => [
  { name: `${name}.weight`, shape: [size] },
  { name: `${name}.bias`, shape: [size] },
];

function towerTensors(prefix: string, { hidden, intermediate, layers }: TowerShape): GeneratedTensor[] {
  return Array.from({ length: layers }, (_, at) => {
    const name = `${prefix}.encoder.layers.${at}`;
    return [
      ...norm(`${name}.layer_norm1`, hidden),
      ...['q_proj', 'k_proj', 'v_proj', 'out_proj'].flatMap((part) =>
        linear(`${name}.self_attn.${part}`, hidden, hidden),
      ),
      ...norm(`${name}.layer_norm2`, hidden),
      ...linear(`${name}.mlp.fc1`, intermediate, hidden),
      ...linear(`${name}.mlp.fc2`, hidden, intermediate),
    ];
  }).flat();
}

const PATCH = { size: 32, image: 224 };

function visionTensors(prefix: string, shape: TowerShape): GeneratedTensor[] {
  const { hidden } = shape;
  return [
    { name: `${prefix}.embeddings.class_embedding`, shape: [hidden] },
    { name: `${prefix}.embeddings.patch_embedding.weight`, shape: [hidden, 3, PATCH.size, PATCH.size] },
    {
      name: `${prefix}.embeddings.position_embedding.weight`,
      shape: [1 + (PATCH.image / PATCH.size) ** 2, hidden],
    },
    // The library's own spelling.
    ...norm(`${prefix}.pre_layrnorm`, hidden),
    ...towerTensors(prefix, shape),
    ...norm(`${prefix}.post_layernorm`, hidden),
  ];
}

const towerConfig = ({ hidden, intermediate, layers, heads }: TowerShape) => ({
  hidden_size: hidden,
  intermediate_size: intermediate,
  num_hidden_layers: layers,
  num_attention_heads: heads,
  hidden_act: 'quick_gelu',
  layer_norm_eps: 1e-5,
});

const visionConfig = (shape: TowerShape) => ({
  ...towerConfig(shape),
  model_type: 'clip_vision_model',
  image_size: PATCH.image,
  patch_size: PATCH.size,
  num_channels: 3,
});

async function filesOf(fixture: string, names: readonly string[]): Promise<Record<string, Uint8Array>> {
  const entries = names.map(async (name) => [name, await readFile(`test/fixtures/models/${fixture}/${name}`)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** A repository of the shape of CLIP, whose towers have these sizes. */
export async function generatedClip(text: TowerShape, vision: TowerShape): Promise<HubRepo> {
  const projection = 512;
  const sizes = { vocabulary: 49_408, positions: 77 };
  const tensors: GeneratedTensor[] = [
    { name: 'logit_scale', shape: [] },
    { name: 'text_model.embeddings.token_embedding.weight', shape: [sizes.vocabulary, text.hidden] },
    { name: 'text_model.embeddings.position_embedding.weight', shape: [sizes.positions, text.hidden] },
    ...towerTensors('text_model', text),
    ...norm('text_model.final_layer_norm', text.hidden),
    ...visionTensors('vision_model', vision),
    { name: 'text_projection.weight', shape: [projection, text.hidden] },
    { name: 'visual_projection.weight', shape: [projection, vision.hidden] },
  ];
  const config = {
    architectures: ['CLIPModel'],
    model_type: 'clip',
    projection_dim: projection,
    logit_scale_init_value: 2.6592,
    text_config: {
      ...towerConfig(text),
      model_type: 'clip_text_model',
      vocab_size: sizes.vocabulary,
      max_position_embeddings: sizes.positions,
      eos_token_id: 2,
    },
    vision_config: visionConfig(vision),
  };
  return repoOf({
    ...(await generatedFiles(tensors, { shards: 1, seed: SEED })),
    ...(await filesOf('clip', ['preprocessor_config.json', 'tokenizer.json', 'tokenizer_config.json'])),
    'config.json': JSON.stringify(config),
  });
}

/** A repository of the shape of LLaVA: an image tower, a projector and a language model. */
export async function generatedLlava(vision: TowerShape, text: GeneratedShape): Promise<HubRepo> {
  const tensors: GeneratedTensor[] = [
    ...visionTensors('vision_tower.vision_model', vision),
    ...linear('multi_modal_projector.linear_1', text.hidden, vision.hidden),
    ...linear('multi_modal_projector.linear_2', text.hidden, text.hidden),
    ...tensorsOf(text).map(({ name, shape }) => ({ name: `language_model.${name}`, shape })),
  ];
  const config = {
    architectures: ['LlavaForConditionalGeneration'],
    model_type: 'llava',
    image_token_index: text.vocabulary - 1,
    projector_hidden_act: 'gelu',
    vision_feature_layer: -2,
    vision_feature_select_strategy: 'default',
    text_config: configOf(text),
    vision_config: visionConfig(vision),
  };
  const names = ['generation_config.json', 'preprocessor_config.json', 'processor_config.json'];
  return repoOf({
    ...(await generatedFiles(tensors, { shards: text.shards, seed: SEED })),
    ...(await filesOf('llava', [...names, 'tokenizer.json', 'tokenizer_config.json'])),
    'config.json': JSON.stringify(config),
  });
}
