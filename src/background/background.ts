import type { ClassifiedSender, ClientKind, PageSender } from '../platform/sender.ts';
import { createDispatch } from '../protocol/dispatch.ts';
import { type OneShotReply, type OneShotRequest, replyTo } from '../protocol/message.ts';
import { CONTROL_METHODS, REPORT_METHODS, UI_METHODS } from '../protocol/methods.ts';
import type { DataPort } from '../shared/port.ts';
import { createBridgeRelay } from './bridge-relay.ts';
import { composeServices } from './compose.ts';
import { createDepartures } from './departures.ts';
import type { Environment } from './environment.ts';
import { controlHandlers, reportHandlers, uiHandlers } from './handlers/handlers.ts';
import { type ControlCall, createPagePorts } from './page-ports.ts';

/** The background, as the events of the browser reach it. Every entry may be the first one of its life. */
export interface Background {
  /** Puts in order what the last life left behind. */
  start(): Promise<void>;
  acceptPage(port: DataPort, sender: PageSender): void;
  answer(request: OneShotRequest, sender: ClassifiedSender): Promise<OneShotReply> | undefined;
  attachBridge(from: ClientKind, message: unknown, port: MessagePort): Promise<void>;
  windowClosed(windowId: number): Promise<void>;
}

/** Composes the background over an environment. Nothing happens until an entry is called. */
export function createBackground(environment: Environment): Background {
  const { services, approvals, documents } = composeServices(environment);
  const departures = createDepartures({ ...services, approvals, documents, reach: environment.documents });
  const control = createDispatch<typeof CONTROL_METHODS, ControlCall>(CONTROL_METHODS, controlHandlers(services));
  const ui = createDispatch<typeof UI_METHODS, void>(UI_METHODS, uiHandlers(services));
  const report = createDispatch<typeof REPORT_METHODS, void>(REPORT_METHODS, reportHandlers(services));
  const ports = createPagePorts({
    dispatch: control,
    documents,
    onGone: departures.documentGone,
    logger: environment.logger,
  });
  return {
    async start() {
      // Side by side: a document that is frozen answers late, and prompts need not wait for it.
      await Promise.all([approvals.reconcile(), departures.sweep(), services.warmStart.begin()]);
    },
    acceptPage: ports.accept,
    answer({ channel, method, params }, sender) {
      if (channel === 'ui') return replyTo(ui(sender.kind, method, params, undefined));
      if (channel === 'report') return replyTo(report(sender.kind, method, params, undefined));
      return undefined;
    },
    attachBridge: createBridgeRelay({ ...services, document: environment.host, logger: environment.logger }),
    windowClosed: approvals.windowClosed,
  };
}
