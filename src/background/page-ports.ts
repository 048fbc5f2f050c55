import * as v from 'valibot';
import { identify } from '../permissions/identity.ts';
import type { PageSender } from '../platform/sender.ts';
import type { Dispatch } from '../protocol/dispatch.ts';
import { type DownEnvelope, UpEnvelope } from '../protocol/envelope.ts';
import { toWireError, WebplatError } from '../protocol/errors.ts';
import { LIMITS } from '../protocol/limits.ts';
import type { Logger } from '../shared/logger.ts';
import type { DataPort } from '../shared/port.ts';
import type { PageDocument, PageDocuments } from './page-documents.ts';

/** A call on a control port: what the background knows about it. */
export interface ControlCall {
  readonly id: number;
  readonly activated: boolean;
  readonly signal: AbortSignal;
  /**
   * The calling document with the subject that permissions are tied to.
   *
   * @throws {@link WebplatError} `origin-refused` when it cannot have one.
   */
  document(): PageDocument;
}

const ControlMessage = v.strictObject({ envelope: UpEnvelope, activated: v.boolean() });

export interface PagePortsOptions {
  readonly dispatch: Dispatch<ControlCall>;
  readonly documents: PageDocuments;
  /** Called when a document closed, or went to sleep; in either case its permissions for the page end. */
  readonly onGone: (documentId: string) => Promise<void>;
  readonly logger: Logger;
}

/** Serves the control ports of pages. Who is calling is settled once, when the port opens, from the browser's word. */
export function createPagePorts({ dispatch, documents, onGone, logger }: PagePortsOptions) {
  function serve(
    port: DataPort,
    known: Promise<PageDocument>,
    hangUp: () => void,
  ): { stop(reason: WebplatError): void } {
    const open = new Map<number, AbortController>();
    // A refusal is told to each call; before the first one there is nobody to tell.
    known.catch(() => {});
    const reply = (envelope: DownEnvelope) => {
      try {
        port.post(envelope);
      } catch {
        // The document has gone and the browser has not said so yet; closing follows.
      }
    };
    async function call(id: number, activated: boolean, method: string, params: unknown): Promise<void> {
      const controller = new AbortController();
      open.set(id, controller);
      const { signal } = controller;
      try {
        const document = await known.then(
          (found) => () => found,
          (error: unknown) => () => {
            throw error;
          },
        );
        const value = await dispatch('page', method, params, { id, activated, signal, document });
        reply({ kind: 'result', id, value });
      } catch (error) {
        if (!(error instanceof WebplatError)) logger.error('a call failed', { method, error: String(error) });
        reply({ kind: 'error', id, error: toWireError(error) });
        // What the browser said about a sleeping document is out of date when it wakes up: it needs a new port.
        if (error instanceof WebplatError && error.code === 'suspended') hangUp();
      } finally {
        open.delete(id);
      }
    }
    port.onMessage((message) => {
      const parsed = v.safeParse(ControlMessage, message);
      if (!parsed.success) return hangUp();
      const { envelope, activated } = parsed.output;
      if (envelope.kind === 'abort') open.get(envelope.id)?.abort(new WebplatError('aborted'));
      if (envelope.kind !== 'call' || open.has(envelope.id)) return;
      if (open.size < LIMITS.inFlight) void call(envelope.id, activated, envelope.method, envelope.params);
      else reply({ kind: 'error', id: envelope.id, error: toWireError(new WebplatError('busy')) });
    });
    return {
      stop(reason) {
        for (const controller of open.values()) controller.abort(reason);
      },
    };
  }

  return {
    accept(port: DataPort, sender: PageSender): void {
      const { documentId } = sender;
      const gone = () => {
        served.stop(new WebplatError('aborted'));
        if (!documents.disconnect(documentId, port)) return;
        onGone(documentId).catch((error: unknown) => logger.error('a document left', { error: String(error) }));
      };
      // A port that is closed on this side does not say that it closed.
      const hangUp = () => {
        port.close();
        gone();
      };
      const served = serve(port, settle(sender, port), hangUp);
      port.onClose(gone);
    },
  };

  /** The document behind a port, remembered; rejects for one that permissions cannot be tied to. */
  async function settle(sender: PageSender, port: DataPort): Promise<PageDocument> {
    // The tab of a prerendered or cached document shows another page, so its surroundings are not known.
    if (!sender.isActive) throw new WebplatError('suspended');
    const { documentId, tabId, isFrame } = sender;
    const document = { documentId, tabId, isFrame, subject: identify(sender) };
    await documents.connect(document, port);
    return document;
  }
}
