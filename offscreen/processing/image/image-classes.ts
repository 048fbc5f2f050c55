/**
 * Image processors of Hugging Face that are known, with what they do where `preprocessor_config.json` says nothing
 * (https://huggingface.co/docs/transformers, the page of each class).
 */
export interface ImageClass {
  /** Edge, or edges, to which pictures are resized. */
  readonly size: { readonly square: number } | { readonly shortest: number; readonly longest?: number };
  /** Code of the filter; see `filters.ts`. */
  readonly resample: number;
  /** Edge of the square that is cut out. */
  readonly crop?: number;
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  /** What a batch is filled up with: pixels, with a mask that tells where pictures are, or tiles of pictures. */
  readonly fills?: 'pixels' | 'tiles';
}

const HALVES = [0.5, 0.5, 0.5];
const CLIP_COLORS = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  deviation: [0.26862954, 0.26130258, 0.27577711],
};
const IMAGENET_COLORS = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };
const HALF_COLORS = { mean: HALVES, deviation: HALVES };

const CLIP: ImageClass = { size: { shortest: 224 }, resample: 3, crop: 224, ...CLIP_COLORS };
export type ImageClassName = 'ViT' | 'CLIP' | 'Llava' | 'LlavaNext' | 'Detr' | 'VideoMAE';

const CLASSES: Readonly<Record<ImageClassName, ImageClass>> = {
  ViT: { size: { square: 224 }, resample: 2, ...HALF_COLORS },
  CLIP,
  Llava: CLIP,
  LlavaNext: { ...CLIP, fills: 'tiles' },
  Detr: { size: { shortest: 800, longest: 1333 }, resample: 2, fills: 'pixels', ...IMAGENET_COLORS },
  VideoMAE: { size: { shortest: 224 }, resample: 2, crop: 224, ...HALF_COLORS },
};
const BY_NAME: ReadonlyMap<string, ImageClass> = new Map(Object.entries(CLASSES));

/** The processors for images, and what they were called first. `Fast` ones do the same with another library. */
const NAME = /^(\w+?)(ImageProcessor(Fast)?|FeatureExtractor)$/;

/** A class by what `image_processor_type` says; undefined when it is not known. */
export const imageClassOf = (type: string): ImageClass | undefined => BY_NAME.get(NAME.exec(type)?.[1] ?? '');
