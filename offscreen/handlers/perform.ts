import { MOVE_FROM_BYTES } from '../../src/protocol/element-bytes.ts';
import { WebplatError } from '../../src/protocol/errors.ts';
import type { PerformedTask, PerformParams, PerformResult } from '../../src/protocol/tasks/tasks.ts';
import type { ServedCall } from '../data/serve-port.ts';
import { type DecodedInput, decodeInput } from '../media/decode-input.ts';
import type { Session } from '../sessions/session.ts';
import { execute, type Services, whereOf } from './execute.ts';

/** Does one task and hands the output's buffers over for transfer. Nothing is decoded before the request was admitted, and
 * nobody waits in the queue for it. */
export async function perform(services: Services, session: Session, params: PerformParams, call: ServedCall) {
  const startedAt = performance.now();
  const { model, task, input, options = {}, hardware } = params;
  const { maxNewTokens: asked, numBeams: beams = 1 } = options as {
    readonly maxNewTokens?: number;
    readonly numBeams?: number;
  };
  // Each of the texts that are followed at once takes tokens of its own.
  const newTokens = asked === undefined ? undefined : asked * beams;
  let decoded: DecodedInput<PerformedTask> | undefined;
  const prepare = async (signal: AbortSignal) => {
    decoded = await decodeInput(services.media, task, input, signal);
  };
  const request = { model, task, hardware, newTokens, prepare };
  const value = await execute<PerformResult>(services, session, request, call, async (execution) => {
    const { signal, onCompute, onTokens } = execution;
    if (decoded === undefined) throw new WebplatError('internal');
    const maxNewTokens = Math.floor(execution.maxNewTokens / beams);
    if (maxNewTokens === 0) {
      throw new WebplatError('limit-tokens', undefined, { requested: beams, quota: execution.maxNewTokens });
    }
    const output = await execution.model.perform(
      { task, input: decoded, options, maxNewTokens },
      { signal, onCompute, onTokens },
    );
    const totalMs = performance.now() - startedAt;
    return { task, output, execution: { ...whereOf(execution.model), totalMs } } as PerformResult;
  });
  const { output } = value;
  const transfer = 'data' in output && output.data.byteLength >= MOVE_FROM_BYTES ? [output.data] : [];
  return { value, transfer };
}
