import { createClapFeatures } from '../../offscreen/processing/audio/clap-features.ts';
import { mixDown } from '../../offscreen/processing/audio/sound.ts';
import { createWav2Vec2Values } from '../../offscreen/processing/audio/wav2vec2-values.ts';
import { createWhisperFeatures } from '../../offscreen/processing/audio/whisper-features.ts';
import { prepareTiles } from '../../offscreen/processing/chat-image/prepare-tiles.ts';
import { parseTileRecipe } from '../../offscreen/processing/chat-image/tile-recipe.ts';
import { parseImageRecipe } from '../../offscreen/processing/image/image-recipe.ts';
import { prepareImages } from '../../offscreen/processing/image/prepare-images.ts';
import { encodeBatch } from '../../offscreen/processing/text/token-batch.ts';
import { prepareFrames } from '../../offscreen/processing/video/prepare-frames.ts';
import type { GoldenTensor } from '../../test/support/golden.ts';
import { readPng } from '../../test/support/png.ts';
import { readWav } from '../../test/support/wav.ts';
import { checkNumbers, checkSame, skipped } from './check.ts';
import type { Subject } from './subject.ts';

interface Row {
  readonly input_ids: readonly number[];
  readonly token_type_ids?: readonly number[];
}

interface TokenizerGolden {
  readonly cases: readonly (Row & { readonly text: string; readonly decoded?: string })[];
  readonly pairs?: readonly (Row & { readonly text: string; readonly text_pair: string })[];
  readonly batches?: readonly {
    readonly texts: readonly string[];
    readonly options: {
      readonly padding?: true | 'max_length';
      readonly truncation?: true;
      readonly max_length?: number;
    };
    readonly input_ids: readonly (readonly number[])[];
  }[];
}

interface Preprocessed {
  readonly file?: string;
  readonly files?: readonly string[];
  readonly outputs: Readonly<Record<string, GoldenTensor>>;
  readonly waveform?: string | GoldenTensor;
}

/**
 * Compares what is made of texts, pictures and sounds before a model sees them. Sites are not shown that, so this calls the extension's own
 * code here, without a browser; that the browser decodes files to the same pixels and samples is what the golden tasks show.
 */
export async function checkProcessing(subject: Subject): Promise<void> {
  const { golden, ledger } = subject;
  const { tokenizer, preprocessing } = golden.golden as {
    readonly tokenizer?: TokenizerGolden;
    readonly preprocessing?: { readonly cases: readonly Preprocessed[]; readonly atol?: number };
  };
  if (tokenizer) await ledger.attempt('tokenizer, in Node', async () => checkTokenizer(subject, tokenizer));
  for (const one of preprocessing?.cases ?? []) {
    const name = `preprocessing ${one.file ?? one.files?.join(' ')}, in Node`;
    await ledger.attempt(name, () => checkPreprocessing(subject, name, one, preprocessing?.atol));
  }
}

function checkTokenizer({ texts, ledger }: Subject, { cases, pairs = [], batches = [] }: TokenizerGolden): void {
  const words = texts.words();
  const same = (name: string, actual: unknown, expected: unknown) =>
    ledger.add(checkSame(`tokenizer ${name}, in Node`, actual, expected));
  for (const { text, input_ids, decoded } of cases) {
    const brief = JSON.stringify(text.slice(0, 24));
    same(`encodes ${brief}`, words.encode(text).ids, input_ids);
    if (decoded !== undefined) same(`decodes ${brief}`, words.decode([...input_ids]), decoded);
  }
  for (const { text, text_pair, input_ids } of pairs) {
    const brief = JSON.stringify(text.slice(0, 24));
    same(`encodes a pair ${brief}`, words.encode([text, text_pair]).ids, input_ids);
  }
  for (const { texts: list, options, input_ids } of batches) {
    const { padding, truncation, max_length: length } = options;
    const limit = truncation && length !== undefined ? { maxTokens: length } : {};
    const name = `encodes a batch with ${JSON.stringify(options)}`;
    if (!padding) {
      same(
        name,
        list.map((text) => words.encode(text, limit).ids),
        input_ids,
      );
      continue;
    }
    const fixed = padding === 'max_length' && length !== undefined ? { length } : {};
    const { inputIds, dims } = encodeBatch(words, list, { ...limit, ...fixed });
    const [rows, width] = dims;
    const own = Array.from({ length: rows }, (_, row) =>
      Array.from(inputIds.subarray(row * width, (row + 1) * width), Number),
    );
    same(name, own, input_ids);
  }
}

async function checkPreprocessing(
  subject: Subject,
  name: string,
  one: Preprocessed,
  atol: number | undefined,
): Promise<void> {
  const { golden, ledger } = subject;
  const made = await prepare(subject, one);
  for (const [output, expected] of Object.entries(one.outputs)) {
    const title = `${name}: ${output}`;
    const own = made[output];
    if (typeof expected !== 'object' || !('tensor' in expected)) continue;
    if (!own) ledger.add(skipped(title, 'nothing here makes it'));
    else if (expected.dtype === 'I64')
      ledger.add(checkSame(title, Array.from(own, Number), await golden.ids(expected)));
    else {
      const absolute = expected.atol ?? atol;
      const bound = absolute === undefined ? undefined : { absolute };
      ledger.add(checkNumbers(title, Array.from(own, Number), await golden.floats(expected), bound));
    }
  }
}

/** Inputs of the model by name, made of the files of a case. */
async function prepare(
  subject: Subject,
  { file, files, waveform, outputs }: Preprocessed,
): Promise<Readonly<Record<string, ArrayLike<number | bigint>>>> {
  const { golden, texts } = subject;
  const config = texts.file('preprocessor_config.json');
  const picture = (name: string) => readPng(`${golden.folder}/${name}`);
  if (outputs.input_features || outputs.input_values) {
    // Resampled as the reference did, where the case says how: that is another step, judged by its own tests.
    const sound = await readWav(`${golden.folder}/${file}`);
    const samples =
      typeof waveform === 'object' ? new Float32Array(await golden.floats(waveform)) : mixDown(sound.channels);
    if (outputs.input_values) return { input_values: createWav2Vec2Values(config).prepare([samples]).data };
    const isWhisper = subject.graphs.has('encoder');
    const { data } = isWhisper
      ? createWhisperFeatures(config).extract(samples)
      : createClapFeatures(config).extract([samples]);
    return { input_features: data };
  }
  if (files) {
    const frames = await Promise.all(files.map(picture));
    const [, count = frames.length] = outputs.pixel_values?.shape ?? [];
    return { pixel_values: prepareFrames(frames, count, parseImageRecipe(config)).data };
  }
  const one = await picture(file ?? '');
  if (outputs.image_sizes) {
    const { pixelValues, sizes } = prepareTiles([one], parseTileRecipe(config));
    return { pixel_values: pixelValues.data, image_sizes: sizes.flat() };
  }
  const { pixelValues, pixelMask } = prepareImages([one], parseImageRecipe(config));
  return { pixel_values: pixelValues.data, ...(pixelMask && { pixel_mask: pixelMask.data }) };
}
