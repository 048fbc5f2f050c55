import { WebplatError } from '../../../src/protocol/errors.ts';

/**
 * Why files are not taken in. `broken`: no archive, or one that is cut short. `outside`: a name that leads out of the
 * model's folder. `special`: a link, a device or another thing that is no file. `double`: one name twice. `too-many`: more
 * entries than a model has. `lying`: the list of files says something else than the archive. `incomplete`: files are
 * missing without which no model runs. `taken`: another model has the name.
 */
export type RefusalKind = 'broken' | 'outside' | 'special' | 'double' | 'too-many' | 'lying' | 'incomplete' | 'taken';

/** Files that are not taken in or handed out. */
export class FilesRefused extends WebplatError {
  readonly kind: RefusalKind;

  /** @param reason is for the user; what it quotes of the files is cut to what an error may hold. */
  constructor(kind: RefusalKind, reason: string) {
    super('files-refused', undefined, { reason: reason.slice(0, 512) });
    this.kind = kind;
  }
}

/** A name out of foreign files, short and without anything that does not show. */
export const quoted = (name: string): string => `“${name.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 80)}”`;
