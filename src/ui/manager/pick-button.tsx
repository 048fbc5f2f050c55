import { useRef } from 'preact/hooks';

interface PickButtonProps {
  readonly label: string;
  readonly pick: 'folder' | 'files' | 'archive';
  readonly onPicked: (files: File[]) => void;
}

/** A button that opens the browser's own window for choosing files. */
export function PickButton({ label, pick, onPicked }: PickButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  const kinds = {
    folder: { webkitdirectory: true },
    files: { multiple: true },
    archive: { accept: '.tar,application/x-tar' },
  }[pick];
  return (
    <>
      <button type="button" class="button" onClick={() => input.current?.click()}>
        {label}
      </button>
      <input
        {...kinds}
        ref={input}
        type="file"
        name={`import-${pick}`}
        hidden
        onChange={({ currentTarget }) => {
          const files = [...(currentTarget.files ?? [])];
          // Or the same choice made again would be no change.
          currentTarget.value = '';
          if (files.length > 0) onPicked(files);
        }}
      />
    </>
  );
}
