import { abortable } from '../../shared/abort.ts';
import { holdStreams } from '../../shared/held-streams.ts';

/** A file that the user chose to write to; what Chromium calls a file handle. */
export interface SaveTarget {
  createWritable(): Promise<WritableStream<Uint8Array>>;
}

interface SavePicker {
  showSaveFilePicker?(options: {
    suggestedName: string;
    types: readonly { description: string; accept: Record<string, readonly string[]> }[];
  }): Promise<SaveTarget>;
}

/**
 * Asks where to save. Undefined where the browser cannot ask: it then saves as it saves downloads. To be called from a
 * click.
 *
 * @throws DOMException `AbortError` when the user changed their mind.
 */
export async function pickTarget(suggestedName: string): Promise<SaveTarget | undefined> {
  return (globalThis as SavePicker).showSaveFilePicker?.({
    suggestedName,
    types: [{ description: 'Tar archive', accept: { 'application/x-tar': ['.tar'] } }],
  });
}

/**
 * Writes the archive piece by piece. What is stopped or fails leaves no file behind: the browser puts the written one in place at
 * its end.
 */
export async function writeArchive(
  archive: Blob,
  target: SaveTarget,
  signal: AbortSignal,
  onBytes: (written: number) => void,
): Promise<void> {
  let written = 0;
  const count = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      written += chunk.byteLength;
      onBytes(written);
      controller.enqueue(chunk);
    },
  });
  const writable = await target.createWritable();
  const held = holdStreams([archive]);
  const [content = archive] = held.blobs;
  const whole = content.stream().pipeThrough(count, { signal }).pipeTo(writable, { signal });
  try {
    // The pipe waits for the piece in hand, which a drive that does not answer never takes.
    await abortable(whole, signal);
  } finally {
    held.release();
  }
}

/** Hands the archive to the browser's downloads. It refers to files on disk, so that nothing is held until it is written. */
export function downloadArchive(archive: Blob, fileName: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(archive);
  link.download = fileName;
  link.click();
}
