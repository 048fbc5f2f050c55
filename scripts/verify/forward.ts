import type { ComponentName } from '../../offscreen/families/family.ts';
import type { Value } from '../../offscreen/graphs/build/value.ts';
import { normalize } from '../../offscreen/processing/results/embeddings.ts';
import { type GoldenCase, type GoldenTensor, storedPositions } from '../../test/support/golden.ts';
import type { Numbers } from '../../test/support/infer-in-page.ts';
import { skipped } from './check.ts';
import { dealFeatures, decoderGraphs, decodes, feed, imageFeatures, logitsOf } from './decoding.ts';
import { floatsOf, folded, idsOf, itemOf, productsOf, range, rowsOf } from './numbers.ts';
import type { Subject } from './subject.ts';

/** An output of one graph, or made of those of several. */
interface Found {
  readonly tensor: Numbers;
  readonly by: readonly ComponentName[];
}

type Tensors = Readonly<Record<string, Numbers>>;

/** Outputs of the graphs that were run for a case. */
type Outputs = ReadonlyMap<ComponentName, { readonly tensors: Tensors; readonly by: readonly ComponentName[] }>;

/** Computes every golden forward case by the model's graphs, and what they give for each other. */
export async function checkForward(subject: Subject): Promise<void> {
  for (const one of subject.golden.forward) {
    await subject.ledger.attempt(`forward ${one.name}`, () => checkCase(subject, one));
  }
}

async function checkCase(subject: Subject, one: GoldenCase): Promise<void> {
  const given = await inputsOf(subject, one);
  const outputs = await runGraphs(subject, given);
  const mask = given.attention_mask?.values;
  for (const [name, expected] of Object.entries(one.outputs)) {
    const title = `forward ${one.name}: ${name}`;
    await subject.ledger.attempt(title, async () => {
      const found = await findOutput(subject, one, name, given, outputs);
      if (typeof found === 'string') subject.ledger.add(skipped(title, found));
      else await compare(subject, title, `${one.name}/${name}`, found, expected, mask);
    });
  }
}

async function compare(
  { golden, ledger, judge }: Subject,
  title: string,
  key: string,
  { tensor, by }: Found,
  expected: GoldenTensor,
  mask: readonly number[] | undefined,
): Promise<void> {
  const values = storedPositions(tensor.values, tensor.dims, expected);
  const wanted = await golden.floats(expected);
  const counted = expected.compare ? mask : undefined;
  if (expected.compare && !counted) throw new Error('The case has no mask to compare under.');
  const stretch = counted ? values.length / counted.length : 1;
  const kept = counted ? values.map((value, at) => (counted[Math.floor(at / stretch)] === 1 ? value : 0)) : values;
  const name = `${title}, by ${by.join(', ')}`;
  ledger.add(judge(name, key, floatsOf(kept, expected.pad_to ?? expected.shape), wanted, expected.atol));
}

/** The inputs of a case; a mask of texts or sounds that a case leaves out keeps everything. */
async function inputsOf(subject: Subject, { inputs }: GoldenCase): Promise<Tensors> {
  const given: Record<string, Numbers> = {};
  for (const [name, ref] of Object.entries(inputs)) {
    const tensor = await feed(subject, ref);
    if (tensor) given[name] = tensor;
  }
  const whole = given.input_ids ?? given.input_values;
  if (!given.attention_mask && whole)
    given.attention_mask = idsOf(
      whole.values.map(() => 1),
      whole.dims,
    );
  return given;
}

/** Runs every graph that is no decoder and whose inputs are given, or are given by graphs that ran before. */
async function runGraphs({ graphs, run }: Subject, given: Tensors): Promise<Outputs> {
  const outputs = new Map<ComponentName, { readonly tensors: Tensors; readonly by: readonly ComponentName[] }>();
  const open = new Map([...graphs].filter(([, { shape }]) => !shape));
  for (let ran = true; ran; ) {
    ran = false;
    for (const [name, { inputs }] of open) {
      const sources = inputs.map((input) => sourceOf(input, given, outputs));
      if (sources.some((source) => source === undefined)) continue;
      open.delete(name);
      ran = true;
      const feeds = inputs.map((input, at) => [input.name, sources[at]?.tensor] as const);
      const tensors = await run(name, Object.fromEntries(feeds) as Tensors);
      const by = [...new Set([...sources.flatMap((source) => source?.by ?? []), name])];
      outputs.set(name, { tensors, by });
    }
  }
  return outputs;
}

/** Where an input of a graph comes from: the case, or a graph with an output of that name. */
function sourceOf(input: Value, given: Tensors, outputs: Outputs): Found | undefined {
  const own = given[input.name];
  // Tiles of pictures are pictures.
  const tiled = own && own.dims.length === input.dims.length + 1 ? folded(own) : own;
  if (tiled && fits(input, tiled)) return { tensor: tiled, by: [] };
  for (const { tensors, by } of outputs.values()) {
    const tensor = tensors[input.name];
    if (tensor && fits(input, tensor)) return { tensor, by };
  }
  return undefined;
}

const fits = ({ dims }: Value, tensor: Numbers): boolean =>
  tensor.dims.length === dims.length && dims.every((dim, at) => typeof dim !== 'number' || dim === tensor.dims[at]);

/** An output under its golden name, or why nobody gives it. */
async function findOutput(
  subject: Subject,
  one: GoldenCase,
  name: string,
  given: Tensors,
  outputs: Outputs,
): Promise<Found | string> {
  if (name === 'logits' && decodes(subject)) return decodedLogits(subject, one, given, outputs);
  if (/^present\./.test(name)) {
    return 'a site is not shown the caches of a decoder; cases that go on from them are compared';
  }
  const found = namedOutput(name, outputs) ?? matchedLogits(name, outputs) ?? unitVectors(name, outputs);
  if (found) return found;
  return one.inputs.pixel_values && outputs.size === 0
    ? 'no graph takes inputs of these shapes'
    : 'no graph gives it, nor can it be made of what they give';
}

/** `text_model.x` and `audio_x` are the output `x` of the graphs `text` and `audio`; other names are their own. */
function namedOutput(name: string, outputs: Outputs): Found | undefined {
  const places = [...outputs].flatMap(([graph, { tensors, by }]) => {
    const [, own] = new RegExp(`^${graph}(?:_model\\.|_)(.+)$`).exec(name) ?? [];
    return [
      { tensor: own === undefined ? undefined : tensors[own], by, rank: 0 },
      { tensor: tensors[name], by, rank: 1 },
    ];
  });
  const [first] = places.filter(({ tensor }) => tensor !== undefined).sort((a, b) => a.rank - b.rank);
  return first?.tensor && { tensor: first.tensor, by: first.by };
}

/** `logits_per_image` and its like: products of vectors of both kinds, times the scale that the graph of its kind has. */
function matchedLogits(name: string, outputs: Outputs): Found | undefined {
  const [, kind] = /^logits_per_(.+)$/.exec(name) ?? [];
  if (kind === undefined) return undefined;
  const text = outputs.get('text');
  const [other] = [...outputs].filter(([graph]) => graph !== 'text').map(([, found]) => found);
  const texts = text?.tensors.text_embeds;
  const [, others] =
    Object.entries(other?.tensors ?? {}).find(([output]) => /^(image|audio|video)_embeds$/.test(output)) ?? [];
  if (!text || !other || !texts || !others) return undefined;
  const own = kind === 'text' ? text : other;
  const [scale = 1] = (own.tensors.logit_scale ?? text.tensors.logit_scale)?.values ?? [];
  const tensor = kind === 'text' ? productsOf(texts, others, scale) : productsOf(others, texts, scale);
  return { tensor, by: [...new Set([...text.by, ...other.by])] };
}

/** `x_normalized`: the rows of `x`, of length 1. */
function unitVectors(name: string, outputs: Outputs): Found | undefined {
  const [, own] = /^(.+)_normalized$/.exec(name) ?? [];
  const found = own === undefined ? undefined : namedOutput(own, outputs);
  if (!found) return undefined;
  const rows = rowsOf(found.tensor).map((row) => [...normalize(Float32Array.from(row))]);
  return { ...found, tensor: floatsOf(rows.flat(), found.tensor.dims) };
}

/** Logits of every text of a case, each read alone and without padding, in their places in the batch. */
async function decodedLogits(
  subject: Subject,
  one: GoldenCase,
  given: Tensors,
  outputs: Outputs,
): Promise<Found | string> {
  const by = decoderGraphs(subject);
  if (given.decoder_input_ids) return encodedLogits(subject, one, given, outputs, by);
  const before = await tokensBefore(subject, one, given);
  if (typeof before === 'string') return before;
  const { input_ids: ids, attention_mask: mask } = given;
  const [batch = 1, length = 0] = ids?.dims ?? [];
  if (!ids) return 'the case has no ids';
  const deal = dealFeatures(subject, await imageFeatures(subject, one.inputs));
  const vocabulary = subject.graphs.get('decoder')?.shape?.vocabularySize ?? 0;
  const values = new Float64Array(batch * length * vocabulary);
  for (const row of range(batch)) {
    const places = range(length).filter((at) => before.length > 0 || mask?.values[row * length + at] !== 0);
    const own = places.map((at) => ids.values[row * length + at] ?? 0);
    const positions = range(own.length).map((at) => before.length + at);
    const logits = await logitsOf(subject, [...before, ...own], { features: deal(own) }, positions);
    for (const [at, place] of places.entries()) {
      const start = at * vocabulary;
      values.set(logits.values.slice(start, start + vocabulary), (row * length + place) * vocabulary);
    }
  }
  return { tensor: floatsOf(values, [batch, length, vocabulary]), by };
}

/**
 * The tokens that a case's caches are of: those of another case that has the same caches at its beginning. None where the case has no
 * caches.
 */
async function tokensBefore({ golden }: Subject, one: GoldenCase, given: Tensors): Promise<readonly number[] | string> {
  const past = Object.keys(given).filter((name) => name.startsWith('past_key_values.'));
  if (past.length === 0) return [];
  for (const other of golden.forward) {
    const tokens = other.inputs.input_ids;
    if (other === one || tokens?.shape[0] !== 1) continue;
    const same = await Promise.all(
      past.map(async (name) => {
        const present = other.outputs[name.replace('past_key_values', 'present')];
        const cache = given[name];
        return present && cache
          ? beginsWith(await golden.floats(present), present.shape, cache, present.atol ?? 0)
          : false;
      }),
    );
    const [, , length = 0] = given[past[0] ?? '']?.dims ?? [];
    if (same.every(Boolean)) return (await golden.ids(tokens)).slice(0, length);
  }
  return 'it goes on from caches, and no other case tells which tokens they are of';
}

/** Whether a cache [1, heads, tokens, width] is the beginning of a longer one. */
function beginsWith(
  whole: ArrayLike<number>,
  shape: readonly number[],
  { dims, values }: Numbers,
  atol: number,
): boolean {
  const [, heads = 0, tokens = 0, width = 0] = dims;
  const [, , all = 0] = shape;
  return range(heads * tokens * width).every((at) => {
    const head = Math.floor(at / (tokens * width));
    return (
      Math.abs((whole[head * all * width + (at % (tokens * width))] ?? Number.NaN) - (values[at] ?? Number.NaN)) <= atol
    );
  });
}

/** Logits of a decoder with an encoder, whose states are those of each item of the batch. */
async function encodedLogits(
  subject: Subject,
  one: GoldenCase,
  given: Tensors,
  outputs: Outputs,
  by: readonly ComponentName[],
): Promise<Found | string> {
  const { decoder_input_ids: ids, attention_mask: mask } = given;
  const states = outputs.get('encoder')?.tensors.last_hidden_state;
  if (!ids) return 'the case has no ids';
  if (!states) return cachedLogits(subject, one, ids, by);
  const [batch = 1, length = 0] = ids.dims;
  const parts: number[] = [];
  for (const row of range(batch)) {
    const about = { states: itemOf(states, row), ...(mask && { mask: itemOf(mask, row) }) };
    parts.push(...(await logitsOf(subject, itemOf(ids, row).values, about)).values);
  }
  return { tensor: floatsOf(parts, [batch, length, parts.length / batch / length]), by };
}

/** What cases that go on from caches say of them. */
const CACHED = /decoder position of \[([\d, ]+)\] after the encoder input of case '([^']+)'/;

/** Logits of the last of some tokens, about what another case gave the encoder. */
async function cachedLogits(
  subject: Subject,
  { note = '' }: GoldenCase,
  { dims }: Numbers,
  by: readonly ComponentName[],
): Promise<Found | string> {
  const [, tokens, name] = CACHED.exec(note) ?? [];
  if (tokens === undefined || name === undefined) return 'it goes on from caches, and does not say of what';
  const ids = tokens.split(',').map(Number);
  const given = await inputsOf(subject, subject.golden.caseOf(name));
  const states = (await runGraphs(subject, given)).get('encoder')?.tensors.last_hidden_state;
  if (!states) return 'the case that it goes on from has no input of the encoder';
  const about = { states, ...(given.attention_mask && { mask: given.attention_mask }) };
  const { values } = await logitsOf(subject, ids, about, [ids.length - 1]);
  return { tensor: floatsOf(values, [...dims, values.length]), by };
}
