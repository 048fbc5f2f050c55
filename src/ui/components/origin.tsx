import type { Subject } from '../../protocol/grant.ts';
import { describeOrigin, isFrame } from '../format/origin.ts';

/**
 * An origin in full, with the part that somebody registered made prominent. It wraps and is never cut: what would be
 * cut off is what tells two sites apart.
 */
export function OriginText({ origin }: { readonly origin: string }) {
  const { scheme, before, site, port } = describeOrigin(origin);
  return (
    <bdi class="origin" dir="ltr" translate={false}>
      <span class="origin-rest">{scheme}</span>
      {before && <span class="origin-rest">{breakable(before)}</span>}
      <strong class="origin-site">{breakable(site)}</strong>
      {port && <span class="origin-port">{port}</span>}
    </bdi>
  );
}

/** A site, or a frame and the page around it, as a list or a heading names it. */
export function SubjectText({ subject }: { readonly subject: Subject }) {
  if (!isFrame(subject)) return <OriginText origin={subject.invoker} />;
  return (
    <span class="subject">
      <OriginText origin={subject.invoker} /> <span class="subject-inside">inside</span>{' '}
      <OriginText origin={subject.topOrigin} />
    </span>
  );
}

/** Offers line breaks after dots, where an address is read as parts anyway. */
function breakable(host: string) {
  return host.split(/(?<=\.)/).flatMap((label, index) => (index === 0 ? [label] : [<wbr key={label} />, label]));
}
