import { useCallback, useRef, useState } from 'preact/hooks';
import { WebplatError } from '../../protocol/errors.ts';
import type { ModelCard } from '../../protocol/model.ts';
import type { UiClient } from '../client.ts';
import type { Action } from '../components/use-action.ts';
import { archiveFileName } from '../model/picked-files.ts';
import { downloadArchive, pickTarget, type SaveTarget, writeArchive } from '../model/save-archive.ts';

/** An archive that is being written. */
export interface Writing {
  readonly card: ModelCard;
  readonly writtenBytes: number;
  readonly totalBytes: number;
}

export interface Export {
  readonly writing: readonly Writing[];
  /** Asks where to, has the model checked, and writes it. */
  start(card: ModelCard): Promise<void>;
  stop(model: string): void;
}

/** Progress is drawn this often, not for each of thousands of pieces. */
const DRAW_MS = 200;

/** Exports of this page: they end with it. */
export function useExport(client: UiClient, action: Action, onChanged: () => void): Export {
  const [writing, setWriting] = useState<readonly Writing[]>([]);
  const aborts = useRef(new Map<string, AbortController>());

  async function write(card: ModelCard, archive: Blob, target: SaveTarget): Promise<void> {
    const abort = new AbortController();
    aborts.current.set(card.name, abort);
    let drawnAt = 0;
    const show = (writtenBytes: number) => {
      if (performance.now() - drawnAt < DRAW_MS) return;
      drawnAt = performance.now();
      const next = { card, writtenBytes, totalBytes: archive.size };
      setWriting((all) => [...all.filter((other) => other.card.name !== card.name), next]);
    };
    try {
      show(0);
      await writeArchive(archive, target, abort.signal, show);
    } catch (error) {
      if (isStop(error)) throw error;
      const reason = 'The archive could not be written: the disk may be full, or the model was removed meanwhile.';
      throw new WebplatError('files-refused', undefined, { reason });
    } finally {
      aborts.current.delete(card.name);
      setWriting((all) => all.filter((other) => other.card.name !== card.name));
    }
  }

  async function exportTo(card: ModelCard, fileName: string, target: SaveTarget | undefined): Promise<string> {
    const checked = client.exportModel(card.name);
    // The check is under way and worth showing.
    onChanged();
    try {
      const archive = await checked;
      if (!target) {
        downloadArchive(archive, fileName);
        return `${card.title} was checked and goes to your downloads.`;
      }
      await write(card, archive, target);
      return `${card.title} was exported.`;
    } catch (error) {
      if (isStop(error)) return `The export of ${card.title} was stopped.`;
      throw error;
    }
  }

  const start = async (card: ModelCard) => {
    const fileName = archiveFileName(card.name);
    const picked = await pickTarget(fileName).then(
      (target) => ({ target }),
      () => undefined,
    );
    if (!picked) return;
    await action.run(
      () => exportTo(card, fileName, picked.target),
      (text) => text,
    );
    onChanged();
  };

  const stop = useCallback((model: string) => aborts.current.get(model)?.abort(), []);
  return { writing, start, stop };
}

/** Stopped here, or in the host while it was checking. */
const isStop = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'AbortError' || (error as { code?: unknown }).code === 'aborted');
