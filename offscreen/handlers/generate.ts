import type { GenerationOptions, GenerationResult, TextChunk, TextInput } from '../../src/protocol/generation.ts';
import type { Hardware } from '../../src/protocol/hardware.ts';
import type { Session } from '../sessions/session.ts';
import { type ExecuteCall, execute, type Services, whereOf } from './execute.ts';

/** One text generation, as `infer`, `stream` and a chat's turn have in common. */
export interface Generation {
  readonly model: string;
  readonly input: TextInput;
  readonly options: GenerationOptions;
  readonly hardware?: Hardware | undefined;
}

/** What a streaming call offers while it runs; `infer` leaves `text` empty. */
export interface GenerationCall extends ExecuteCall {
  text(chunk: TextChunk): void;
}

/** Generates text on the model that the request names, timing it from acceptance. */
export async function generate(
  services: Services,
  session: Session,
  { model, input, options, hardware }: Generation,
  call: GenerationCall,
): Promise<GenerationResult> {
  const startedAt = performance.now();
  let firstTokenMs: number | undefined;
  const request = { model, task: 'text-generation', hardware, newTokens: options.maxNewTokens } as const;
  return execute(services, session, request, call, async (execution) => {
    const outcome = await execution.model.generate(
      { input, options, maxNewTokens: execution.maxNewTokens },
      {
        signal: execution.signal,
        onCompute: execution.onCompute,
        onText(chunk) {
          firstTokenMs ??= performance.now() - startedAt;
          execution.onTokens(chunk.tokens);
          call.text(chunk);
        },
      },
    );
    const totalMs = performance.now() - startedAt;
    return {
      text: outcome.text,
      finishReason: outcome.finishReason,
      execution: {
        ...whereOf(execution.model),
        firstTokenMs: firstTokenMs ?? totalMs,
        totalMs,
        inputTokens: outcome.inputTokens,
        outputTokens: outcome.outputTokens,
      },
    };
  });
}
