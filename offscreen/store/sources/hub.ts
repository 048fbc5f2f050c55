import * as v from 'valibot';
import { LIMITS } from '../../../src/protocol/limits.ts';
import { isInnerPath, leadsOut, runTimeFiles } from '../../../src/protocol/model-files.ts';
import { SourceFault } from '../transfer/fault.ts';
import type { AllowedFetch } from '../transfer/fetch-range.ts';
import { hubAddresses } from './addresses.ts';
import { fetchJson } from './fetch-json.ts';
import type { RemoteFile, RemoteModel } from './remote-model.ts';

export interface HubPlace {
  /** Address of the hub, without a slash at its end. */
  readonly hubUrl: string;
  /** Others with the same layout, asked for files too. */
  readonly mirrors: readonly string[];
  readonly repository: string;
  readonly revision: string;
  /** The user's own, for what is not public. */
  readonly token?: string | undefined;
}

const Hex = (digits: number) => v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${digits}}$`)));
const Size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** `GET /api/models/REPOSITORY/revision/REVISION`, the fields that matter. */
const Info = v.object({
  sha: Hex(40),
  cardData: v.nullish(v.object({ license: v.nullish(v.union([v.string(), v.array(v.string())])) })),
});

/** One entry of `GET /api/models/REPOSITORY/tree/REVISION`; large files are named by SHA-256, others as git does. */
const Entry = v.object({
  type: v.string(),
  path: v.pipe(v.string(), v.maxLength(1024)),
  size: Size,
  oid: Hex(40),
  lfs: v.nullish(v.object({ oid: Hex(64), size: Size })),
});

type HubEntry = v.InferOutput<typeof Entry>;

/** Pages of a listing that are read; a thousand files each. */
const MOST_PAGES = 20;

/**
 * Lists a repository of a hub (https://huggingface.co/docs/hub/api). Only files that a model may need are kept.
 *
 * @throws SourceFault
 */
export async function listHubModel(fetch: AllowedFetch, place: HubPlace, signal: AbortSignal): Promise<RemoteModel> {
  const { hubUrl, repository, revision, token } = place;
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const api = `${hubUrl}/api/models/${repository}`;
  const answer = await fetchJson(fetch, `${api}/revision/${encodeURIComponent(revision)}`, headers, signal);
  const info = v.safeParse(Info, answer.json);
  if (!info.success) throw new SourceFault('lying', 'The hub describes the model in another way.');
  const { sha, cardData } = info.output;
  const licence = [cardData?.license ?? 'unknown'].flat().join(', ').slice(0, 64);
  const root = await listFolder(fetch, `${api}/tree/${sha}`, headers, signal);
  const graphs = root.folders.has(GRAPHS)
    ? await listFolder(fetch, `${api}/tree/${sha}/${GRAPHS}`, headers, signal)
    : undefined;
  const files = runTimeFiles([...root.entries, ...(graphs?.entries ?? [])]);
  if (files.length > LIMITS.modelFiles) throw new SourceFault('lying', 'The model has too many files.');
  return { commit: sha, licence, files: files.map((entry) => describe(place, sha, entry)), headers };
}

/** Where repositories keep graphs that others have made. */
const GRAPHS = 'onnx';

interface Listing {
  readonly entries: readonly HubEntry[];
  readonly folders: ReadonlySet<string>;
}

async function listFolder(
  fetch: AllowedFetch,
  first: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Listing> {
  const files: HubEntry[] = [];
  const folders = new Set<string>();
  let url: string | undefined = first;
  for (let page = 0; url !== undefined; page += 1) {
    if (page === MOST_PAGES) throw new SourceFault('lying', 'The model has too many files.');
    const answer = await fetchJson(fetch, url, headers, signal);
    const entries = v.safeParse(v.array(Entry), answer.json);
    if (!entries.success) throw new SourceFault('lying', 'The hub lists files in another way.');
    for (const entry of entries.output) {
      if (entry.type === 'directory') folders.add(entry.path);
      if (entry.type !== 'file') continue;
      if (!isInnerPath(entry.path) && leadsOut(entry.path)) {
        throw new SourceFault('lying', 'The hub lists a file outside the model.');
      }
      files.push(entry);
    }
    url = nextPage(answer.headers.get('link'), first);
  }
  return { entries: files, folders };
}

function describe({ hubUrl, mirrors, repository }: HubPlace, commit: string, entry: HubEntry): RemoteFile {
  const { path, size, oid, lfs } = entry;
  return {
    path,
    bytes: lfs?.size ?? size,
    expected: lfs ? { sha256: lfs.oid } : { gitOid: oid },
    urls: hubAddresses([hubUrl, ...mirrors], repository, commit, path),
  };
}

/** The address of the next page (RFC 8288), as long as it is the same list of the same hub. */
function nextPage(header: string | null, first: string): string | undefined {
  const [, target] = /<([^>]+)>;\s*rel="next"/.exec(header ?? '') ?? [];
  if (target === undefined || !URL.canParse(target, first)) return undefined;
  const next = new URL(target, first);
  const { origin, pathname } = new URL(first);
  if (next.origin !== origin || next.pathname !== pathname) {
    throw new SourceFault('lying', 'The list of files goes on somewhere else.');
  }
  return next.href;
}
