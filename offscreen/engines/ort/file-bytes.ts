/** Reads blobs at once; browsers have it in workers, the compiler's DOM library does not. */
declare class FileReaderSync {
  readAsArrayBuffer(blob: Blob): ArrayBuffer;
}

/**
 * A file that looks like bytes in memory to a reader that asks for its length and for pieces of it, which is all that the
 * runtime's synchronous builds do with external data. Each piece is read from disk when it is asked for.
 */
export class FileBytes extends Uint8Array<ArrayBuffer> {
  readonly #file: Blob;

  constructor(file: Blob) {
    super(new ArrayBuffer(0));
    this.#file = file;
  }

  override get byteLength(): number {
    return this.#file.size;
  }

  override subarray(begin = 0, end = this.#file.size): Uint8Array<ArrayBuffer> {
    return new Uint8Array(new FileReaderSync().readAsArrayBuffer(this.#file.slice(begin, end)));
  }
}
