interface ActButtonProps {
  /** What it does to what, as it is read out: `Stop downloading`. */
  readonly act: string;
  readonly title: string;
  readonly label: string;
  readonly disabled?: boolean;
  readonly onClick: () => unknown;
}

/** A button among several of its kind, told apart by what it acts on. */
export function ActButton({ act, title, label, disabled = false, onClick }: ActButtonProps) {
  return (
    <button
      type="button"
      class="button"
      aria-label={`${act} ${title}`}
      disabled={disabled}
      onClick={() => void onClick()}
    >
      {label}
    </button>
  );
}
