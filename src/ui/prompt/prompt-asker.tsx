import type { RefObject } from 'preact';
import type { Subject } from '../../protocol/grant.ts';
import { Icon } from '../components/icon.tsx';
import { OriginText } from '../components/origin.tsx';
import { describeOrigin, isFrame, subjectName } from '../format/origin.ts';

interface PromptAskerProps {
  readonly subject: Subject;
  readonly incremental: boolean;
  readonly headingRef: RefObject<HTMLHeadingElement | null>;
}

/** Who asks, as the browser says it, and for what in one line. */
export function PromptAsker({ subject, incremental, headingRef }: PromptAskerProps) {
  const ask = incremental ? 'asks for more than you allowed it before' : 'asks to use a model on this computer';
  const frame = isFrame(subject);
  return (
    <header class="asker">
      {/* The parts of an address are set apart for the eye; who listens gets them in one piece. */}
      <h1 ref={headingRef} tabIndex={-1} aria-label={`${frame ? 'A frame of ' : ''}${subjectName(subject)} ${ask}`}>
        {frame ? (
          <>
            <span class="asker-word">A frame of</span> <OriginText origin={subject.invoker} />{' '}
            <span class="asker-word">inside</span> <OriginText origin={subject.topOrigin} />
          </>
        ) : (
          <OriginText origin={subject.invoker} />
        )}{' '}
        <span class="asker-ask">{ask}</span>
      </h1>
      <AskerNotes subject={subject} />
    </header>
  );
}

function AskerNotes({ subject }: { readonly subject: Subject }) {
  const origins = [...new Set([subject.invoker, subject.topOrigin])].map(describeOrigin);
  const notes = [
    isFrame(subject) && 'Allowing covers the first site only while it is shown inside the second.',
    origins.some((origin) => origin.international) &&
      'The address has letters beyond a to z. It is shown in its technical form (xn--), so that no look-alike can pass for another site.',
    origins.some((origin) => origin.loopback) && 'The address is a program on this computer.',
  ].filter((note) => note !== false);
  if (notes.length === 0) return null;
  return (
    <ul class="asker-notes">
      {notes.map((note) => (
        <li key={note}>
          <Icon name="info" />
          {note}
        </li>
      ))}
    </ul>
  );
}
