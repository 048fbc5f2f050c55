import { classifyByTexts } from '../processing/results/classify.ts';
import { prepareFrames } from '../processing/video/prepare-frames.ts';
import { pictureOf, recipeOf } from './picture-inputs.ts';
import { createRuns, type FloatOutput } from './runs.ts';
import type { TaskRunner } from './task-runner.ts';
import { runTexts, sentencesOf } from './zero-shot.ts';

const floats = ({ dims, data }: FloatOutput) => ({ dtype: 'float32' as const, dims: [...dims], data: data.buffer });

/** Which of some words fits a video best; the words are made to fit the video before they are compared with it. */
export const matchVideo: TaskRunner<'zero-shot-video-classification'> = async (model, { input, options }, events) => {
  const runs = createRuns(events);
  const graph = model.graph('video');
  const [pixels] = graph.inputs;
  const wanted = Number(pixels?.dims?.[1]);
  const frames = prepareFrames(input.video.frames.map(pictureOf), wanted, recipeOf(model));
  const video = await runs.run(graph, { pixel_values: floats(frames) });
  const texts = await runTexts(model, runs, sentencesOf(input.labels, options.hypothesisTemplate ?? '{}'));
  const outputs = await runs.run(model.graph('prompts'), {
    text_features: floats(texts.get('text_features')),
    video_embeds: floats(video.get('video_embeds')),
    patch_features: floats(video.get('patch_features')),
  });
  return classifyByTexts(outputs.get('logits_per_video').data, input.labels);
};
