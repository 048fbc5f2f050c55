import { useId } from 'preact/hooks';

interface MeterProps {
  readonly label: string;
  /** The figure in words, e.g. `1 min of 10 min`. */
  readonly text: string;
  readonly value: number;
  readonly max: number;
}

/** Above this share the bar warns, in shape (hatching) as well as in colour. */
const NEAR = 0.85;

/** How much of something is used, as words and as a bar. */
export function Meter({ label, text, value, max }: MeterProps) {
  const id = useId();
  const share = max > 0 ? Math.min(1, value / max) : 0;
  return (
    <div class="meter">
      <p class="meter-text">
        <span id={id} class="meter-label">
          {label}
        </span>{' '}
        <span class="meter-figure">{text}</span>
      </p>
      <meter class="meter-bar" aria-labelledby={id} aria-valuetext={text} value={share} high={NEAR} optimum={0} />
    </div>
  );
}
