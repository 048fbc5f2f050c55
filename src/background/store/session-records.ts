import * as v from 'valibot';
import type { StorageArea } from '../../platform/storage.ts';
import { Subject } from '../../protocol/grant.ts';
import { Timestamp, Token } from '../../protocol/scalars.ts';
import { type Cell, createCell } from './cell.ts';

/** One document's session: whom its token belongs to. */
export const SessionRecord = v.strictObject({
  token: Token,
  subject: Subject,
  documentId: v.string(),
  tabId: v.number(),
  isFrame: v.boolean(),
  /** The grants that its terms were made of when they were last told to the host. */
  grantIds: v.array(Token),
  openedAt: Timestamp,
  /** Set when it ended. It is kept for a while, because the host's last report about it comes later. */
  ended: v.boolean(),
});
export type SessionRecord = v.InferOutput<typeof SessionRecord>;

/** Ended sessions that are remembered for their last report. */
const REMEMBERED_ENDED = 256;

export function createSessionRecords(area: StorageArea): Cell<SessionRecord[]> {
  return createCell({ area, key: 'sessions', schema: v.array(SessionRecord), initial: [] });
}

/** The records with those that `which` selects marked as ended, and the oldest ended ones forgotten. */
export function markEnded(records: SessionRecord[], which: (record: SessionRecord) => boolean): SessionRecord[] {
  if (!records.some((record) => !record.ended && which(record))) return records;
  const marked = records.map((record) => (which(record) ? { ...record, ended: true } : record));
  const surplus = marked.filter(({ ended }) => ended).slice(0, -REMEMBERED_ENDED);
  return marked.filter((record) => !surplus.includes(record));
}
