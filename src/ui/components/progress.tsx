import { useId } from 'preact/hooks';

interface ProgressProps {
  readonly label: string;
  /** How far it is in words, e.g. `2 of 5 files`. */
  readonly text: string;
  readonly value: number;
  /** 0 while nobody knows. */
  readonly max: number;
}

/** How far some work is, as words and as a bar. */
export function Progress({ label, text, value, max }: ProgressProps) {
  const id = useId();
  return (
    <div class="meter">
      <p class="meter-text">
        <span id={id} class="meter-label">
          {label}
        </span>{' '}
        <span class="meter-figure">{text}</span>
      </p>
      <progress
        class="meter-bar"
        aria-labelledby={id}
        aria-valuetext={text}
        value={max > 0 ? Math.min(1, value / max) : 0}
      />
    </div>
  );
}
