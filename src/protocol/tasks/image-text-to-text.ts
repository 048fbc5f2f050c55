import * as v from 'valibot';
import { GenerationOptions } from '../generation.ts';
import { LIMITS } from '../limits.ts';
import { Text } from '../scalars.ts';
import { defineTask } from './define-task.ts';
import { Picture } from './media.ts';
import { GeneratedTexts } from './results.ts';

/** Text and pictures in the order in which they are to be read. */
const Content = v.variant('type', [
  v.strictObject({ type: v.literal('text'), text: Text }),
  v.strictObject({ type: v.literal('image'), image: Picture }),
]);

const Message = v.strictObject({
  role: v.picklist(['system', 'user', 'assistant']),
  content: v.union([Text, v.pipe(v.array(Content), v.minLength(1), v.maxLength(LIMITS.messageParts))]),
});

export const imageTextToText = defineTask({
  name: 'image-text-to-text',
  doc: 'Answers a conversation with pictures in it.',
  input: v.pipe(
    v.array(Message),
    v.minLength(1),
    v.maxLength(LIMITS.chatMessages),
    v.check(
      (messages) =>
        messages
          .flatMap(({ content }) => (typeof content === 'string' ? [] : content))
          .filter(({ type }) => type === 'image').length <= LIMITS.pictures,
      `messages with at most ${LIMITS.pictures} pictures`,
    ),
  ),
  options: GenerationOptions,
  output: GeneratedTexts,
});
