import { WebplatError } from '../../src/protocol/errors.ts';
import type { Hardware } from '../../src/protocol/hardware.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import type { TaskName } from '../../src/protocol/scalars.ts';
import { TASK_NAMES } from '../../src/protocol/task-names.ts';
import type { ServedCall } from '../data/serve-port.ts';
import type { Lease } from '../pool/lease.ts';
import { firstAllowed, grantsFor } from '../sessions/authorize.ts';
import { openRequest, type Session } from '../sessions/session.ts';
import { assertMemory, resolveModel, type Services, whereOf } from './execute.ts';

/** The first task that the session may use the model for: holding a model needs some use of it, whichever. */
function permittedTask(services: Services, session: Session, model: string): TaskName {
  let refusal: unknown;
  for (const task of TASK_NAMES) {
    try {
      grantsFor(session.terms.grants, { model, task }, services.now());
      return task;
    } catch (error) {
      refusal ??= error;
    }
  }
  throw refusal;
}

interface HoldRequest {
  readonly model: string;
  readonly task?: TaskName | undefined;
  readonly hardware?: Hardware | undefined;
}

/** Loads a model and keeps it for the session until `releaseModel` or the session's end. */
export async function holdModel(
  services: Services,
  session: Session,
  { model, task, hardware }: HoldRequest,
  call: ServedCall,
) {
  const need = { model, task: task ?? permittedTask(services, session, model) };
  const manifest = await resolveModel(services, session, { ...need, hardware }, call.signal);
  const held = session.held.get(model) ?? [];
  if (held.length >= LIMITS.inFlight)
    throw new WebplatError('busy', 'The model is held too often.', { quota: LIMITS.inFlight });
  const now = services.now();
  const end = firstAllowed(grantsFor(session.terms.grants, need, now), (caveats) => {
    assertMemory(services, session, caveats, { manifest, hardware });
    return session.site.begin(caveats, now);
  });
  const life = openRequest(session, need, call);
  try {
    const { signal } = call;
    const lease = await services.pool.acquire(manifest, {
      holder: session.token,
      use: { task: need.task },
      hardware,
      signal,
      onProgress: call.progress,
    });
    keep(session, model, lease);
    return { value: { model, ...whereOf(lease.model) } };
  } finally {
    life.close();
    end();
  }
}

function keep(session: Session, model: string, lease: Lease): void {
  session.held.set(model, [...(session.held.get(model) ?? []), lease]);
}

/** Lets go of one hold; releasing what is not held is no error. */
export function releaseModel(session: Session, model: string) {
  const [lease, ...rest] = session.held.get(model) ?? [];
  lease?.release();
  if (rest.length > 0) session.held.set(model, rest);
  else session.held.delete(model);
  return { value: {} };
}
