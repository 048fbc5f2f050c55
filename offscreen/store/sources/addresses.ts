import { parseModelName } from '../../../src/protocol/model-name.ts';
import type { DownloadSettings } from '../../../src/protocol/settings.ts';

/** Addresses of one file of a version of a repository: of the hub, and of those that serve the same. */
export const hubAddresses = (bases: readonly string[], repository: string, commit: string, path: string): string[] =>
  bases.map((base) => `${base}/${repository}/resolve/${commit}/${path}`);

/**
 * Where a file of a model that came in an archive can be had from, should it be damaged one day. Made from the model's name and the
 * settings: an archive names no addresses. Empty for the user's own files, and where the version is not known.
 */
export function addressesOf(
  name: string,
  commit: string | undefined,
  path: string,
  { hubUrl, mirrors }: Pick<DownloadSettings, 'hubUrl' | 'mirrors'>,
): string[] {
  const parsed = parseModelName(name);
  if (parsed?.scheme === 'https') return [new URL(path, parsed.folder).href];
  if (parsed?.scheme !== 'hf' || commit === undefined) return [];
  return hubAddresses([hubUrl, ...mirrors], parsed.repository, commit, path);
}
