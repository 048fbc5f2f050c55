import { readFile } from 'node:fs/promises';
import { createTextTokenizer, type TextTokenizer } from '../../../offscreen/processing/text/text-tokenizer.ts';

const FOLDER = 'models/storyteller';
const VOCABULARY = 2048;

export interface GoldenPrompt {
  readonly prompt: string;
  readonly prompt_ids: number[];
  readonly continuation_ids: number[];
  readonly continuation: string;
}

/** The published evaluation of the packaged model; `eval/baseline.json` describes the methods. */
export interface Evaluation {
  readonly tokenizer: TextTokenizer;
  readonly prompts: readonly [GoldenPrompt, ...GoldenPrompt[]];
  /** Token ids of the documents of valid.txt. */
  readonly documents: readonly number[][];
  readonly predictedTokens: number;
  /** Perplexity over all documents, rounded to four places, by name of the weights. */
  perplexity(name: string): number;
}

export async function readEvaluation(): Promise<Evaluation> {
  const text = (file: string) => readFile(`${FOLDER}/${file}`, 'utf8');
  const json = async (file: string) => JSON.parse(await text(file));
  const tokenizer = createTextTokenizer(
    {
      tokenizer: await json('tokenizer.json'),
      tokenizerConfig: await json('tokenizer_config.json'),
      config: await json('config.json'),
      generationConfig: await json('generation_config.json'),
    },
    VOCABULARY,
  );
  const baseline = await json('eval/baseline.json');
  const rows: { name: string; perplexity: number }[] = [baseline.fp32, ...baseline.quantization];
  return {
    tokenizer,
    prompts: await json('eval/prompts.json'),
    documents: (await text('eval/valid.txt')).split(/\n(?=<\|begin\|>)/).map((document) => tokenizer.encode(document)),
    predictedTokens: baseline.predicted_tokens,
    perplexity(name) {
      const row = rows.find((candidate) => candidate.name === name);
      if (!row) throw new Error(`No baseline for ${name}.`);
      return row.perplexity;
    },
  };
}
