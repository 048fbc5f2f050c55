import type { PortClient } from '../../src/protocol/client.ts';
import type { Availability, Backend, ModelCard, ModelHandle, Models, StoredPrecision } from '../webplat.d.ts';
import { type Connection, pinned, type Route } from './connection.ts';
import { wireError } from './errors.ts';
import { freeze, frozenMembers, NativePromise } from './primordials.ts';
import { fields, optional } from './read.ts';
import { NOBODY, readHardware, readModel, readTask, readWaiter } from './requests.ts';
import { promised, sealed, workOf } from './start-call.ts';

interface Loaded {
  readonly model: string;
  readonly backend: Backend;
  readonly adapter?: string;
  readonly precision?: StoredPrecision;
  readonly streamed?: true;
}

/** `webplat.models`. `control` carries what needs no session. */
export function createModels(control: Route, connection: Connection): Models {
  const methods: Models = {
    availability: (request) =>
      promised(() => {
        const from = fields('models.availability', request, ['model', 'task']);
        const params = {
          model: readModel('models.availability', from.model),
          task: optional('models.availability: task', from.task, readTask),
        };
        return {
          route: control,
          work: workOf('models.availability', params, NOBODY),
          convert: (value) => sealed<Availability>(value),
        };
      }),
    list: () =>
      promised(() => ({
        route: control,
        work: workOf('models.list', {}, NOBODY),
        convert: (value) => sealed<readonly ModelCard[]>((value as { models: unknown }).models),
      })),
    load: (request, options) =>
      promised(() => {
        const from = fields('models.load', request, ['model', 'task', 'hardware']);
        const model = readModel('models.load', from.model);
        const task = optional('models.load: task', from.task, readTask);
        const hardware = optional('models.load: hardware', from.hardware, readHardware);
        const given = fields('models.load', options === undefined ? {} : options, ['monitor', 'signal']);
        const waiter = readWaiter('models.load', given, 'monitor');
        return {
          route: connection.use(model, task),
          work: workOf('models.load', { model, task, hardware }, waiter),
          convert: (value, client) => createHandle(value as Loaded, client),
        };
      }),
  };
  return freeze(frozenMembers<Models>(methods));
}

/** Holds one `models.load`; where its session is over there is nothing left to release. */
function createHandle(loaded: Loaded, client: PortClient): ModelHandle {
  const { model } = loaded;
  const route = pinned(client, wireError('session-ended'));
  let held = true;
  const release = freeze((): Promise<void> => {
    if (!held || client.closed) return new NativePromise((resolve) => resolve());
    held = false;
    return promised(() => ({ route, work: workOf('models.release', { model }, NOBODY), convert() {} }));
  });
  return sealed({ ...loaded, release });
}
