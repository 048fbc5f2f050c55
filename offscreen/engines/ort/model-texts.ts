import * as v from 'valibot';
import { WebplatError } from '../../../src/protocol/errors.ts';
import { createTextTokenizer, type TextTokenizer } from '../../processing/text/text-tokenizer.ts';
import { createTokenizer, type Tokenizer } from '../../processing/text/tokenizer.ts';
import type { ModelReader } from '../../store/model-reader.ts';
import { TASK_FILES, type TaskFile, type TaskModel } from '../../tasks/task-model.ts';

/** What a model's JSON files say. Those that nobody asks for are not judged. */
export type ModelTexts = Pick<TaskModel, 'config' | 'file' | 'words' | 'tokenizer'>;

/** Reads the files that tell what a model is, how it is asked and how it is read. */
export async function readModelTexts(files: Pick<ModelReader, 'json'>): Promise<ModelTexts> {
  const [config, ...parsed] = await Promise.all(['config.json', ...TASK_FILES].map(files.json));
  const byName = new Map<string, unknown>(TASK_FILES.map((name, at) => [name, parsed[at]]));
  const file = (name: TaskFile) => byName.get(name);
  let words: Tokenizer | undefined;
  let tokenizer: TextTokenizer | undefined;

  function tokenizerJson(): unknown {
    const json = file('tokenizer.json');
    if (json !== undefined) return json;
    throw new WebplatError('model-corrupt', undefined, { reason: 'The model has no tokenizer.json.' });
  }

  return {
    config,
    file,
    words() {
      words ??= createTokenizer(tokenizerJson(), file('tokenizer_config.json') ?? {});
      return words;
    },
    tokenizer() {
      const texts = {
        config,
        tokenizer: tokenizerJson(),
        tokenizerConfig: file('tokenizer_config.json'),
        generationConfig: file('generation_config.json'),
      };
      tokenizer ??= createTextTokenizer(texts, vocabularyOf(config));
      return tokenizer;
    },
  };
}

const Vocabulary = v.object({
  vocab_size: v.optional(v.number()),
  text_config: v.optional(v.object({ vocab_size: v.optional(v.number()) })),
});

function vocabularyOf(config: unknown): number {
  const { vocab_size, text_config } = v.parse(Vocabulary, config);
  const size = vocab_size ?? text_config?.vocab_size;
  if (size === undefined) {
    throw new WebplatError('model-corrupt', undefined, {
      reason: 'config.json does not say how many tokens there are.',
    });
  }
  return size;
}
