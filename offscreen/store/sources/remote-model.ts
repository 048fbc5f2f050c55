/** A file of a model as its source lists it. */
export interface RemoteFile {
  /** Name inside the model; never a path that leads out of it. */
  readonly path: string;
  readonly bytes: number;
  /** What the source says of the content; undefined where it says nothing. */
  readonly expected: { readonly sha256: string } | { readonly gitOid: string } | undefined;
  /** Addresses that serve it, the one that vouches for it first. */
  readonly urls: readonly string[];
}

/** A model as its source lists it. */
export interface RemoteModel {
  /** The version that was listed, where the source has versions: its files never change. */
  readonly commit: string | undefined;
  readonly licence: string;
  /** Of an adapter: the name of the model that it changes. */
  readonly base?: string;
  readonly files: readonly RemoteFile[];
  /** Sent to the source's own addresses. */
  readonly headers: Readonly<Record<string, string>>;
}
