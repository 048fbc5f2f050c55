import * as v from 'valibot';
import { CaveatValues, type Grant } from '../../protocol/grant.ts';
import { formatMoment, formatRelative } from '../format/time.ts';

/** The caveats of a grant by type, or undefined where one is missing or doubled: such a grant allows nothing. */
export function caveatsOf(grant: Grant): CaveatValues | undefined {
  const values = Object.fromEntries(grant.caveats.map(({ type, value }) => [type, value]));
  const once = Object.keys(values).length === grant.caveats.length;
  return once && v.is(CaveatValues, values) ? values : undefined;
}

/** Whether a grant still allows anything. */
export function isInForce(grant: Grant, now: number): boolean {
  const expiry = caveatsOf(grant)?.expiry;
  return expiry === 'never' || (expiry !== undefined && expiry > now);
}

/** When a grant ends by itself, as a sentence. */
export function endText(grant: Grant, now: number): string {
  const expiry = caveatsOf(grant)?.expiry ?? 0;
  const byItself = {
    document: 'when its page is closed',
    'browser-session': 'when you quit the browser',
    persistent: undefined,
  }[grant.lifetime.kind];
  if (expiry === 'never') return byItself ? `Ends ${byItself}` : 'Until you revoke it';
  if (expiry <= now) return 'Ended';
  const moment = `${formatRelative(expiry, now)} (${formatMoment(expiry)})`;
  return byItself ? `Ends ${byItself}, or ${moment}` : `Ends ${moment}`;
}
