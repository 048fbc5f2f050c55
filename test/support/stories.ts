import type { InferRequest } from '../../content/webplat.d.ts';

/** A short story of the storyteller, by whatever name it is known. */
export const tellStory = (model: string): InferRequest => ({
  model,
  task: 'text-generation',
  input: [{ role: 'user', content: 'Tell me a story about a fox.' }],
  options: { maxNewTokens: 8 },
});
