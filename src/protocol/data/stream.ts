import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { GenerationResult, InferParams, LoadProgress, TextChunk } from '../generation.ts';

export const stream = defineMethod({
  name: 'stream',
  channel: 'data',
  from: ['page'],
  needs: 'session',
  doc: 'Runs one task and sends its text as it comes. Text waits for credit; what waits is joined, so nothing is lost and memory stays bounded. Progress is dropped without credit.',
  params: InferParams,
  result: GenerationResult,
  chunk: v.union([TextChunk, LoadProgress]),
});
