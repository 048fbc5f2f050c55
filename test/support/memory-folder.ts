/** A folder in memory with the file system calls that the stores make, for tests without a browser. */
export class MemoryFolder {
  readonly kind = 'directory';
  readonly files = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly folders = new Map<string, MemoryFolder>();
  /** Bytes that still fit; writes beyond them fail as on a full disk. Shared by all folders below the first. */
  readonly room: { bytes: number };

  constructor(room = { bytes: Number.POSITIVE_INFINITY }) {
    this.room = room;
  }

  /** As the type that the product's code knows. */
  get handle(): FileSystemDirectoryHandle {
    return this as unknown as FileSystemDirectoryHandle;
  }

  async getDirectoryHandle(name: string, { create = false } = {}): Promise<MemoryFolder> {
    const found = this.folders.get(name) ?? (create ? new MemoryFolder(this.room) : undefined);
    if (!found) throw new DOMException('', 'NotFoundError');
    this.folders.set(name, found);
    return found;
  }

  async getFileHandle(name: string, { create = false } = {}) {
    if (!this.files.has(name)) {
      if (!create) throw new DOMException('', 'NotFoundError');
      this.files.set(name, new Uint8Array(0));
    }
    return new MemoryFile(this, name);
  }

  async removeEntry(name: string): Promise<void> {
    const file = this.files.get(name);
    if (file) this.room.bytes += file.byteLength;
    if (!this.files.delete(name) && !this.folders.delete(name)) throw new DOMException('', 'NotFoundError');
  }

  async *keys(): AsyncGenerator<string> {
    yield* [...this.folders.keys(), ...this.files.keys()];
  }

  async *values(): AsyncGenerator<MemoryFolder | MemoryFile> {
    yield* this.folders.values();
    for (const name of [...this.files.keys()]) yield new MemoryFile(this, name);
  }

  /** Puts `content` in place of a file if there is room. */
  put(name: string, content: Uint8Array<ArrayBuffer>): void {
    const grown = content.byteLength - (this.files.get(name)?.byteLength ?? 0);
    if (grown > this.room.bytes) throw new DOMException('', 'QuotaExceededError');
    this.room.bytes -= grown;
    this.files.set(name, content);
  }
}

class MemoryFile {
  readonly kind = 'file';
  readonly #folder: MemoryFolder;
  readonly name: string;

  constructor(folder: MemoryFolder, name: string) {
    this.#folder = folder;
    this.name = name;
  }

  async getFile(): Promise<File> {
    return new File([this.#folder.files.get(this.name) ?? new Uint8Array(0)], this.name);
  }

  async createWritable() {
    const parts: (Uint8Array<ArrayBuffer> | string | Blob)[] = [];
    return {
      write: async (part: Uint8Array<ArrayBuffer> | string | Blob) => {
        parts.push(part instanceof Uint8Array ? part.slice() : part);
      },
      close: async () => this.#folder.put(this.name, new Uint8Array(await new Blob(parts).arrayBuffer())),
      abort: async () => {},
    };
  }

  async createSyncAccessHandle() {
    const content = () => this.#folder.files.get(this.name) ?? new Uint8Array(0);
    const resize = (bytes: number) => {
      const grown = new Uint8Array(bytes);
      grown.set(content().subarray(0, bytes));
      this.#folder.put(this.name, grown);
    };
    return {
      read(into: Uint8Array, { at }: { at: number }) {
        const bytes = content().subarray(at, at + into.byteLength);
        into.set(bytes);
        return bytes.byteLength;
      },
      write(bytes: Uint8Array, { at }: { at: number }) {
        if (at + bytes.byteLength > content().byteLength) resize(at + bytes.byteLength);
        content().set(bytes, at);
        return bytes.byteLength;
      },
      truncate: resize,
      getSize: () => content().byteLength,
      flush() {},
      close() {},
    };
  }
}
