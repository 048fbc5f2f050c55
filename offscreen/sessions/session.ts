import type { WireError } from '../../src/protocol/errors.ts';
import { fromWireError, WebplatError } from '../../src/protocol/errors.ts';
import type { CaveatValues } from '../../src/protocol/grant.ts';
import type { SessionTerms } from '../../src/protocol/host/host-session-start.ts';
import type { Lease } from '../pool/lease.ts';
import { grantsFor, type Need } from './authorize.ts';
import { type Chats, createChats } from './chats.ts';
import { createKeptTensors, type KeptTensors } from './kept-tensors.ts';
import type { SiteLedger } from './site-ledger.ts';

/** A request of a session while it waits or runs. */
export interface OpenRequest {
  readonly need: Need;
  abort(reason: WebplatError): void;
}

/** The part of a data port that a session talks to by itself; `offscreen/data` implements it. */
export interface SessionPort {
  end(reason: WireError): void;
}

/** One document's access to the host, under the terms the background set. */
export interface Session {
  readonly token: string;
  terms: SessionTerms;
  readonly site: SiteLedger;
  readonly chats: Chats;
  readonly kept: KeptTensors;
  /** Leases by `models.load`, oldest first, by model name. */
  readonly held: Map<string, Lease[]>;
  readonly open: Set<OpenRequest>;
  port: SessionPort | undefined;
  readonly used: { calls: number; tokens: number; computeMs: number };
}

/** What ends a call before its time: its caller, or whoever has a reason. */
export interface Cancellable {
  readonly signal: AbortSignal;
  abort(reason: WebplatError): void;
}

/** Registers a call with its session, so that revocation and a user's stop reach it; `close` ends the registration. */
export function openRequest(session: Session, need: Need, { abort }: Cancellable) {
  const request: OpenRequest = { need, abort };
  session.open.add(request);
  return {
    request,
    close() {
      session.open.delete(request);
    },
  };
}

export function createSession(terms: SessionTerms, site: SiteLedger): Session {
  return {
    token: terms.token,
    terms,
    site,
    chats: createChats(),
    kept: createKeptTensors(),
    held: new Map(),
    open: new Set(),
    port: undefined,
    used: { calls: 0, tokens: 0, computeMs: 0 },
  };
}

/** Replaces the terms; what the new ones do not allow is aborted and let go. */
export function replaceTerms(session: Session, terms: SessionTerms, now: number): void {
  // Told apart by the terms before: a grant that ran out is not among the new ones any more, nor is one that was withdrawn.
  dropRefused(session, now);
  session.terms = terms;
  session.site.adopt(terms.usedComputeMs, terms.dayEndsAt);
  dropRefused(session, now);
}

/** Aborts and lets go of what the session's terms do not allow, or not any more by the clock. */
export function dropRefused(session: Session, now: number): void {
  const { grants } = session.terms;
  for (const request of [...session.open]) {
    const refusal = refusalOf(grants, request.need, now);
    if (refusal) request.abort(refusal);
  }
  const valid = grants.filter(({ expiry }) => expiry === 'never' || now < expiry);
  for (const [model, leases] of session.held) {
    if (valid.some(({ models }) => models === '*' || models.includes(model))) continue;
    for (const lease of leases) lease.release();
    session.held.delete(model);
  }
  session.kept.drop((model) => refusalOf(grants, { model, task: 'tensors' }, now) !== undefined);
}

/** Why something that was allowed is not any more: the grant ran out, or it is not there. */
function refusalOf(grants: readonly CaveatValues[], need: Need, now: number): WebplatError | undefined {
  try {
    grantsFor(grants, need, now);
    return undefined;
  } catch (error) {
    const expired = error instanceof WebplatError && error.code === 'permission-expired';
    return new WebplatError(expired ? 'permission-expired' : 'permission-revoked');
  }
}

/** Aborts what is open, forgets conversations and kept tensors, drops leases and closes the port. */
export function endSession(session: Session, reason: WireError): void {
  const error = fromWireError(reason);
  for (const request of [...session.open]) request.abort(error);
  session.chats.destroyAll();
  session.kept.drop(() => true);
  for (const leases of session.held.values()) {
    for (const lease of leases) lease.release();
  }
  session.held.clear();
  const { port } = session;
  session.port = undefined;
  port?.end(reason);
}
