import { MOVE_FROM_BYTES } from '../../src/protocol/element-bytes.ts';
import type { PerformParams, PerformResult } from '../../src/protocol/tasks/tasks.ts';
import type { ServedCall } from '../data/serve-port.ts';
import { decodeInput } from '../media/decode-input.ts';
import type { Session } from '../sessions/session.ts';
import { execute, type Services } from './execute.ts';

/** Does one task and hands the output's buffers over for transfer. Nothing is decoded before the request was admitted. */
export async function perform(services: Services, session: Session, params: PerformParams, call: ServedCall) {
  const startedAt = performance.now();
  const { model, task, input, options = {} } = params;
  const { maxNewTokens: newTokens } = options as { readonly maxNewTokens?: number };
  const value = await execute<PerformResult>(services, session, { model, task, newTokens }, call, async (execution) => {
    const { signal, onCompute, onTokens, maxNewTokens } = execution;
    const output = await execution.model.perform(
      { task, input: await decodeInput(services.media, task, input, signal), options, maxNewTokens },
      { signal, onCompute, onTokens },
    );
    const { backend, adapter } = execution.model.info;
    const totalMs = performance.now() - startedAt;
    return { task, output, execution: { backend, ...(adapter && { adapter }), totalMs } } as PerformResult;
  });
  const { output } = value;
  const transfer = 'data' in output && output.data.byteLength >= MOVE_FROM_BYTES ? [output.data] : [];
  return { value, transfer };
}
