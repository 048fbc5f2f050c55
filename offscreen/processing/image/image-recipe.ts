import * as v from 'valibot';
import { corrupt, Positive, parseFields, unsupported } from '../../graphs/config-fields.ts';
import { resamplingOf } from './filters.ts';
import type { Fitting } from './fit-picture.ts';
import { type ImageClass, type ImageClassName, imageClassOf } from './image-classes.ts';
import { CHANNELS, type Levels, levelsOf } from './levels.ts';
import type { Extent } from './picture.ts';
import { Edge, extentOfField, SizeField, sizeRuleOf } from './size-fields.ts';

const Switch = v.nullish(v.boolean());
const Channels = v.pipe(v.array(v.pipe(v.number(), v.finite())), v.length(CHANNELS));
const Divisors = v.pipe(v.array(Positive), v.length(CHANNELS));

/** The fields of `preprocessor_config.json` that decide what becomes of pictures. What is null counts as left out. */
const RecipeFields = v.object({
  image_processor_type: v.nullish(v.string()),
  feature_extractor_type: v.nullish(v.string()),
  do_resize: Switch,
  size: v.nullish(SizeField),
  /** The longest edge, in files of old whose `size` is one number. */
  max_size: v.nullish(Edge),
  resample: v.nullish(v.number()),
  do_center_crop: Switch,
  crop_size: v.nullish(SizeField),
  do_rescale: Switch,
  rescale_factor: v.nullish(Positive),
  do_normalize: Switch,
  image_mean: v.nullish(Channels),
  image_std: v.nullish(Divisors),
  do_pad: Switch,
  pad_size: v.nullish(SizeField),
  /** Pictures become RGB in any case; models that take fewer channels are not known. */
  do_convert_rgb: Switch,
});
type RecipeFields = v.InferOutput<typeof RecipeFields>;

/** What becomes of pictures before a model sees them, in this order: fitted, levels turned into numbers, filled up with 0. */
export interface ImageRecipe extends Fitting {
  readonly levels: Levels;
  /** Size that pictures are filled up to: that of the largest of a batch, or a fixed one. Otherwise all have to be of one size. */
  readonly padding: 'none' | 'batch' | Extent;
  /** Whether a mask tells where pictures are and where they were filled up. */
  readonly hasMask: boolean;
}

/**
 * What `preprocessor_config.json` says about pictures.
 *
 * @param usual the class of image processor where the file names none
 * @throws WebplatError `model-corrupt` when fields are wrong or contradict each other, `model-unsupported` when the class, the
 *   filter, or a kind of size or padding is not known
 */
export function parseImageRecipe(json: unknown, usual?: ImageClassName): ImageRecipe {
  const file = parseFields(RecipeFields, json, 'preprocessor_config.json');
  const type = file.image_processor_type ?? file.feature_extractor_type ?? (usual && `${usual}ImageProcessor`);
  if (!type) throw corrupt('preprocessor_config.json names no image processor.');
  const known = imageClassOf(type);
  if (!known) throw unsupported(`Image processor ${type.slice(0, 64)}.`);
  return {
    resize: (file.do_resize ?? true) ? resizeOf(file, known) : undefined,
    crop: (file.do_center_crop ?? known.crop !== undefined) ? cropOf(file, known) : undefined,
    levels: levelsOf({
      factor: (file.do_rescale ?? true) ? (file.rescale_factor ?? 1 / 255) : undefined,
      normal:
        (file.do_normalize ?? true)
          ? { mean: file.image_mean ?? known.mean, deviation: file.image_std ?? known.deviation }
          : undefined,
    }),
    padding: paddingOf(file, known),
    hasMask: known.fills === 'pixels',
  };
}

/** Size and filter of a class, and what the file says instead. */
function resizeOf({ size, max_size, resample }: RecipeFields, known: ImageClass) {
  const resampling = resamplingOf(resample ?? known.resample);
  if ('square' in known.size) return { size: sizeRuleOf(size ?? known.size.square, 'square'), resampling };
  const { shortest, longest } = known.size;
  // Who states an edge and no bound gets the bound of the class, if it has one.
  const bound = max_size ?? longest;
  return { size: sizeRuleOf(size ?? shortest, 'shortest', bound), resampling };
}

function cropOf({ crop_size }: RecipeFields, { crop }: ImageClass): Extent {
  const size = crop_size ?? crop;
  if (!size) throw corrupt('preprocessor_config.json crops pictures, and does not say to which size.');
  return extentOfField(size, 'crop_size');
}

function paddingOf({ do_pad, pad_size }: RecipeFields, known: ImageClass): ImageRecipe['padding'] {
  if (known.fills === 'pixels') {
    if (!(do_pad ?? true)) return 'none';
    return pad_size ? extentOfField(pad_size, 'pad_size') : 'batch';
  }
  if (do_pad && !known.fills) throw unsupported('Pictures that are filled up before they are resized.');
  return 'none';
}
