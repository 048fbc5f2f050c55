import { WebplatError } from '../../src/protocol/errors.ts';
import type { Pixels } from '../../src/protocol/tasks/media.ts';
import type { PerformRequest } from '../engines/engine.ts';
import { expandPrompt } from '../processing/chat-image/expand-prompt.ts';
import { imageTokenOf } from '../processing/chat-image/image-tokens.ts';
import { createChatRenderer, type TemplateMessage } from '../processing/text/chat-template.ts';
import { picturesToVectors } from './picture-vectors.ts';
import { createRuns, type Runs } from './runs.ts';
import type { TaskModel } from './task-model.ts';
import type { TaskRunner } from './task-runner.ts';
import { writeText } from './write-text.ts';

type Messages = PerformRequest<'image-text-to-text'>['input'];

/** Answers a conversation with pictures in it: their vectors stand in the prompt among those of its words. */
export const talkAboutPictures: TaskRunner<'image-text-to-text'> = async (model, request, events) => {
  const runs = createRuns(events);
  const decoder = model.decoder('decoder');
  const { contextTokens, hidden } = decoder.shape;
  const { prompt, pictures } = readMessages(model, request.input);
  const image = imageTokenOf(model.config);
  const vectors = await picturesToVectors(model, runs, pictures);
  const counts = vectors.map(({ length }) => length / hidden);
  // One token has to fit behind the prompt.
  const promptIds = expandPrompt(prompt, image, counts, contextTokens - 1);
  const embed = (ids: readonly number[]) => embedTokens(model, runs, ids);
  const first = await embed(promptIds);
  let used = 0;
  const all = vectors.flatMap((picture) =>
    Array.from({ length: picture.length / hidden }, (_, row) => picture.subarray(row * hidden, (row + 1) * hidden)),
  );
  for (const [at, id] of promptIds.entries()) {
    const vector = id === image ? all[used++] : undefined;
    if (vector) first.set(vector, at * hidden);
  }
  const sequence = await decoder.open();
  try {
    const start = { promptIds, first, contextTokens, embed: (id: number) => embed([id]) };
    const outcome = await writeText(sequence, model.tokenizer(), start, request, {
      signal: events.signal,
      onCompute: runs.continued(),
      onText: ({ tokens }) => events.onTokens(tokens),
    });
    return [{ generated_text: outcome.text }];
  } finally {
    sequence.close();
  }
};

/** Token ids of a conversation with one token for each picture, and the pictures in their order. */
function readMessages(model: TaskModel, messages: Messages): { prompt: readonly number[]; pictures: Pixels[] } {
  const words = model.words();
  const { bosToken, eosToken, chatTemplate } = words.config;
  const pictures: Pixels[] = [];
  const told = messages.map(
    ({ role, content }): TemplateMessage => ({
      role,
      content:
        typeof content === 'string'
          ? content
          : content.map((part) => {
              if (part.type === 'text') return part;
              pictures.push(part.image);
              return { type: 'image' as const };
            }),
    }),
  );
  const render = createChatRenderer(chatTemplate, { bos_token: bosToken, eos_token: eosToken });
  const text = render(told);
  // Templates that write the token a text begins with leave nothing to add.
  const special = bosToken === undefined || !text.startsWith(bosToken);
  const prompt = words.encode(text, { special }).ids;
  if (prompt.length > 0) return { prompt, pictures };
  throw new WebplatError('invalid-request', 'The prompt has no tokens.', { field: 'input' });
}

/** Vectors of tokens, [ids, hidden]. */
async function embedTokens(model: TaskModel, runs: Runs, ids: readonly number[]): Promise<Float32Array<ArrayBuffer>> {
  const data = BigInt64Array.from(ids, BigInt).buffer;
  const outputs = await runs.run(model.graph('embedding'), {
    input_ids: { dtype: 'int64', dims: [1, ids.length], data },
  });
  return outputs.get('inputs_embeds').data;
}
