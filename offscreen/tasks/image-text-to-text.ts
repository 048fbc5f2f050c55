import { WebplatError } from '../../src/protocol/errors.ts';
import type { Pixels } from '../../src/protocol/tasks/media.ts';
import type { PerformRequest } from '../engines/engine.ts';
import { expandPrompt } from '../processing/chat-image/expand-prompt.ts';
import { imageTokenOf } from '../processing/chat-image/image-tokens.ts';
import { createChatRenderer, type TemplateMessage } from '../processing/text/chat-template.ts';
import { picturesToVectors } from './picture-vectors.ts';
import { createRuns } from './runs.ts';
import type { TaskModel } from './task-model.ts';
import type { TaskRunner } from './task-runner.ts';
import { embeddingDecoder, embedPrompt } from './token-vectors.ts';
import { writeText } from './write-text.ts';

type Messages = PerformRequest<'image-text-to-text'>['input'];

/** Answers a conversation with pictures in it: their vectors stand in the prompt among those of its words. */
export const talkAboutPictures: TaskRunner<'image-text-to-text'> = async (model, request, events) => {
  const runs = createRuns(events);
  const embedding = model.graph('embedding');
  const decoder = embeddingDecoder(model.decoder('decoder'), embedding);
  const { contextTokens, hidden } = decoder.shape;
  const { prompt, pictures } = readMessages(model, request.input);
  const token = imageTokenOf(model.config);
  const vectors = await picturesToVectors(model, runs, pictures);
  const counts = vectors.map(({ length }) => length / hidden);
  // One token has to fit behind the prompt.
  const promptIds = expandPrompt(prompt, token, counts, contextTokens - 1);
  const first = await embedPrompt(embedding, promptIds, { token, features: joined(vectors) }, runs.part());
  const sequence = await decoder.open();
  try {
    const outcome = await writeText(sequence, model.tokenizer(), { promptIds, first, contextTokens }, request, {
      ...runs.part(),
      onText: ({ tokens }) => events.onTokens(tokens),
    });
    return [{ generated_text: outcome.text }];
  } finally {
    sequence.close();
  }
};

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

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
