import { isPublicHost } from './hosts.ts';

/**
 * A model's name taken apart. `packaged:NAME` comes with the extension; `hf:ORG/NAME[@REVISION]` is a repository of a hub;
 * `https://HOST/PATH/` a folder on a web server; `file:NAME` files that the user picked.
 */
export type ParsedModelName =
  | { readonly scheme: 'packaged' | 'file'; readonly name: string }
  | { readonly scheme: 'hf'; readonly repository: string; readonly revision: string }
  | { readonly scheme: 'https'; readonly folder: URL };

/** What a hub takes for the newest version. */
export const DEFAULT_REVISION = 'main';

const SIMPLE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$/;
/** As hubs name repositories: one or two parts of letters, digits, `-`, `_` and `.`. */
const REPOSITORY = /^[A-Za-z0-9][A-Za-z0-9._-]{0,95}(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,95})?$/;
/** Branches, tags and commits; a hub also has `refs/pr/3`. */
const REVISION = /^[A-Za-z0-9][A-Za-z0-9._-]{0,95}(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,95}){0,3}$/;

/** Reads a model's name; undefined for what cannot be one. Two dots in a row never pass: no name leads out of its folder. */
export function parseModelName(text: string): ParsedModelName | undefined {
  const colon = text.indexOf(':');
  const [scheme, rest] = [text.slice(0, colon), text.slice(colon + 1)];
  if (colon < 1 || rest.includes('..')) return undefined;
  if (scheme === 'packaged' || scheme === 'file') return SIMPLE.test(rest) ? { scheme, name: rest } : undefined;
  if (scheme === 'hf') return parseHub(rest);
  return scheme === 'https' || scheme === 'http' ? parseFolder(text) : undefined;
}

function parseHub(text: string): ParsedModelName | undefined {
  const [repository = '', revision = DEFAULT_REVISION, ...more] = text.split('@');
  if (more.length > 0 || !REPOSITORY.test(repository) || !REVISION.test(revision)) return undefined;
  return { scheme: 'hf', repository, revision };
}

/** A folder's address: no credentials, query or fragment, a slash at its end; without encryption on this machine only. */
function parseFolder(text: string): ParsedModelName | undefined {
  if (!URL.canParse(text)) return undefined;
  const folder = new URL(text);
  const plain = !folder.username && !folder.password && !folder.search && !folder.hash;
  if (!plain || folder.href !== text || !folder.pathname.endsWith('/')) return undefined;
  if (folder.protocol === 'http:' && isPublicHost(folder.hostname)) return undefined;
  return { scheme: 'https', folder };
}

/** Whether two names mean the same place. */
export function canonicalName(text: string): string {
  const parsed = parseModelName(text);
  if (parsed?.scheme !== 'hf' || parsed.revision !== DEFAULT_REVISION) return text;
  return `hf:${parsed.repository}`;
}
