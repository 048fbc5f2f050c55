/** Everything that is being read. */
const reading = new Set<ReadonlySet<ReadableStream>>();

/** Blobs that are read to their ends. */
export interface HeldBlobs {
  readonly blobs: readonly Blob[];
  /** Lets their streams go. */
  release(): void;
}

/**
 * The same blobs, whose streams are held until they are let go. Chromium collects the stream of a blob together with whoever
 * waits for its next bytes when nothing else refers to them, and the wait never ends (measured: of 300 reads of 16 MiB, 9
 * never end, and all but one where garbage is collected every millisecond). The runtime reads blobs that way.
 */
export function holdStreams(blobs: readonly Blob[]): HeldBlobs {
  const streams = new Set<ReadableStream>();
  reading.add(streams);
  return {
    blobs: blobs.map((blob) => new HeldBlob(blob, streams)),
    release: () => reading.delete(streams),
  };
}

class HeldBlob extends Blob {
  readonly #blob: Blob;
  readonly #streams: Set<ReadableStream>;

  constructor(blob: Blob, streams: Set<ReadableStream>) {
    super();
    this.#blob = blob;
    this.#streams = streams;
  }

  override get size(): number {
    return this.#blob.size;
  }

  override slice(start?: number, end?: number, type?: string): Blob {
    return new HeldBlob(this.#blob.slice(start, end, type), this.#streams);
  }

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const stream = this.#blob.stream();
    this.#streams.add(stream);
    return stream;
  }
}
