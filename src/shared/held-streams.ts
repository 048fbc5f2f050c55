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
 *
 * @param pace what every stream waits for before it is read
 */
export function holdStreams(blobs: readonly Blob[], pace?: () => Promise<void>): HeldBlobs {
  const streams = new Set<ReadableStream>();
  reading.add(streams);
  return {
    blobs: blobs.map((blob) => new HeldBlob(blob, streams, pace)),
    release: () => reading.delete(streams),
  };
}

class HeldBlob extends Blob {
  readonly #blob: Blob;
  readonly #streams: Set<ReadableStream>;
  readonly #pace: (() => Promise<void>) | undefined;

  constructor(blob: Blob, streams: Set<ReadableStream>, pace: (() => Promise<void>) | undefined) {
    super();
    this.#blob = blob;
    this.#streams = streams;
    this.#pace = pace;
  }

  override get size(): number {
    return this.#blob.size;
  }

  override slice(start?: number, end?: number, type?: string): Blob {
    return new HeldBlob(this.#blob.slice(start, end, type), this.#streams, this.#pace);
  }

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const stream = this.#blob.stream();
    this.#streams.add(stream);
    if (this.#pace) slowDown(stream, this.#pace);
    return stream;
  }
}

/** Its readers wait before their first read; everything else is theirs, so that bytes are read into their own buffers. */
function slowDown(stream: ReadableStream, pace: () => Promise<void>): void {
  const getReader = stream.getReader.bind(stream) as (
    options?: ReadableStreamGetReaderOptions,
  ) => ReadableStreamReader<unknown>;
  stream.getReader = ((options?: ReadableStreamGetReaderOptions) => {
    const reader = getReader(options) as { read(view?: ArrayBufferView): Promise<unknown> };
    const read = reader.read.bind(reader);
    let ready: Promise<void> | undefined;
    reader.read = async (view) => {
      ready ??= pace();
      await ready;
      return read(view);
    };
    return reader;
  }) as ReadableStream['getReader'];
}
