import type { Capabilities, Permissions, Webplat } from '../webplat.d.ts';
import { type ChatStarted, createChat } from './chat.ts';
import { type Connection, createConnection, type Route } from './connection.ts';
import { wireError } from './errors.ts';
import { generated, planInference } from './infer.ts';
import { createLink } from './link.ts';
import { createModels } from './models.ts';
import { createPermissions } from './permissions.ts';
import { freeze, frozenMembers, listen, pagePersisted } from './primordials.ts';
import { fields, optional } from './read.ts';
import {
  INFER_FIELDS,
  NOBODY,
  readGeneration,
  readHardware,
  readInfer,
  readMessages,
  readModel,
  readPermission,
  readSignal,
  readWaiter,
} from './requests.ts';
import { planRun } from './run.ts';
import { promised, sealed, workOf } from './start-call.ts';
import { textStream } from './text-stream.ts';

function permissionCalls(route: Route): Pick<Permissions, 'query' | 'request' | 'revoke'> {
  const grants = (value: unknown) =>
    sealed<Awaited<ReturnType<Permissions['query']>>>((value as { grants: unknown }).grants);
  return {
    query: () => promised(() => ({ route, work: workOf('permissions.query', {}, NOBODY), convert: grants })),
    request: (request, options) =>
      promised(() => {
        const params = readPermission('permissions.request', request);
        const waiter = readSignal('permissions.request', options);
        return { route, work: workOf('permissions.request', params, waiter), convert: grants };
      }),
    revoke: () =>
      promised(() => ({
        route,
        work: workOf('permissions.revoke', {}, NOBODY),
        convert: (value) => (value as { revoked: number }).revoked,
      })),
  };
}

const SESSION_FIELDS = ['model', 'initialMessages', 'options', 'hardware', 'signal', 'onProgress'] as const;

function inferenceCalls(connection: Connection): Pick<Webplat, 'infer' | 'stream' | 'session' | 'run'> {
  return {
    infer: ((request: unknown) => promised(() => planInference(connection, request))) as Webplat['infer'],
    stream(request) {
      const { params, waiter } = readInfer('stream', fields('stream', request, INFER_FIELDS));
      return textStream(connection.use(params.model, params.task), workOf('stream', params, waiter), generated);
    },
    session: (request) =>
      promised(() => {
        const from = fields('session', request, SESSION_FIELDS);
        const params = {
          model: readModel('session', from.model),
          initialMessages: optional('session: initialMessages', from.initialMessages, (path, given) =>
            readMessages(path, given, 0),
          ),
          options: optional('session: options', from.options, readGeneration),
          hardware: optional('session: hardware', from.hardware, readHardware),
        };
        return {
          route: connection.use(params.model, 'text-generation'),
          work: workOf('chat.create', params, readWaiter('session', from, 'onProgress')),
          convert: (value, client) => createChat(client, value as ChatStarted),
        };
      }),
    run: (request) => promised(() => planRun(connection, request)),
  };
}

/** Fails what runs when the document enters the back/forward cache, where every port closes. */
function watchSuspension(connection: Connection): void {
  listen(window, 'pagehide', (event) => {
    if (event.isTrusted && pagePersisted(event as PageTransitionEvent)) connection.suspend(wireError('suspended'));
  });
}

/** Makes `window.webplat` and connects it to the relay of the document. */
export function createProvider(): Webplat {
  let permissionsChanged = () => {};
  let lost = (_connection: number | undefined) => {};
  const link = createLink({
    onEvent(event) {
      if (event.event === 'permissions-changed') permissionsChanged();
    },
    onDataLost: (which) => lost(which),
  });
  const connection = createConnection(link);
  lost = (which) => connection.lose(which, wireError('disconnected'));
  const target = createPermissions(permissionCalls(link.route));
  permissionsChanged = () => {
    connection.recheck();
    target.changed();
  };
  watchSuspension(connection);

  const capabilities: Webplat['capabilities'] = () =>
    promised(() => ({
      route: link.route,
      work: workOf('capabilities', {}, NOBODY),
      convert: (value) => sealed<Capabilities>(value),
    }));
  const members = {
    version: 1,
    permissions: target.permissions,
    models: createModels(link.route, connection),
    capabilities,
    ...inferenceCalls(connection),
  } as const satisfies Webplat;
  return freeze(frozenMembers<Webplat>(members));
}
