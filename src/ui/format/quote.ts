/** Characters that steer how text is drawn without being seen: controls, direction marks, joiners, fillers, tags. */
const INVISIBLE = /[\p{Cc}\p{Cf}\u115f\u1160\u2028\u2029\u3164\uffa0]/gu;

/** Letters may carry a few combining marks; a tower of them would be drawn over the lines around it. */
const TOWER = /(\p{M}{3})\p{M}+/gu;

/** A site's own words made safe to show between ours: one line, no invisible characters, no towers of marks. */
export function quoteText(text: string): string {
  return text.replace(/\s+/gu, ' ').replace(INVISIBLE, '').replace(TOWER, '$1').trim();
}
