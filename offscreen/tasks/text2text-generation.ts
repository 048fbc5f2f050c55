import * as v from 'valibot';
import { WebplatError } from '../../src/protocol/errors.ts';
import { parseFields } from '../graphs/config-fields.ts';
import { beamSearch } from './beam-search.ts';
import { encode } from './encode-decode.ts';
import { createRuns } from './runs.ts';
import type { TaskRunner } from './task-runner.ts';
import { tokenInputs } from './token-inputs.ts';
import { writeText } from './write-text.ts';

const TokenId = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const StartFields = v.object({ decoder_start_token_id: v.nullish(TokenId), pad_token_id: v.nullish(TokenId) });

/** Reads a text as a whole, then writes another about it. */
export const rewriteText: TaskRunner<'text2text-generation'> = async (model, request, events) => {
  const runs = createRuns(events);
  const encoder = model.graph('encoder');
  const { inputs } = tokenInputs(model, encoder, [request.input]);
  const states = await encode(encoder, inputs, runs.part());
  const decoder = model.decoder('decoder');
  const promptIds = [startIdOf(model)];
  const { options, maxNewTokens } = request;
  const { numBeams: beams = 1 } = options;
  if (beams > 1) {
    const { endIds, decode } = model.tokenizer();
    const about = { prompt: promptIds, about: states };
    const told = { ...runs.part(), onTokens: events.onTokens };
    const { tokens } = await beamSearch(decoder, about, { beams, maxNewTokens, endIds }, told);
    return [{ generated_text: decode([...tokens]) }];
  }
  const sequence = await decoder.open(states);
  try {
    const { contextTokens } = decoder.shape;
    const outcome = await writeText(
      sequence,
      model.tokenizer(),
      { promptIds, first: promptIds, contextTokens },
      request,
      {
        ...runs.part(),
        onText: ({ tokens }) => events.onTokens(tokens),
      },
    );
    return [{ generated_text: outcome.text }];
  } finally {
    sequence.close();
  }
};

/** The token that a text begins with. */
function startIdOf(model: Parameters<TaskRunner<'text2text-generation'>>[0]): number {
  const [generation, config] = [model.file('generation_config.json') ?? {}, model.config].map((json) =>
    parseFields(StartFields, json),
  );
  const id = generation?.decoder_start_token_id ?? config?.decoder_start_token_id ?? config?.pad_token_id;
  if (id !== undefined && id !== null) return id;
  throw new WebplatError('model-corrupt', undefined, {
    reason: 'The model does not say which token a text begins with.',
  });
}
