interface Room {
  /** Bytes that still fit; writes beyond them fail as on a full disk. */
  bytes: number;
  /** Changes that are still made; later ones fail, as none are made when the browser is gone. */
  changes: number;
}

/** A folder in memory with the file system calls that the stores make, for tests without a browser. */
export class MemoryFolder {
  readonly kind = 'directory';
  readonly files = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly folders = new Map<string, MemoryFolder>();
  /** Names of files that the disk does not give out at the moment. */
  readonly unreadable = new Set<string>();
  /** Names of files that somebody else writes at the moment. */
  readonly locked = new Set<string>();
  /** What is left, shared by all folders below the first. */
  readonly room: Room;

  constructor(room: Room = { bytes: Number.POSITIVE_INFINITY, changes: Number.POSITIVE_INFINITY }) {
    this.room = room;
  }

  /** Everything in it as it is now, with room for more: what the next start finds. */
  copy(room?: Room): MemoryFolder {
    const copy = new MemoryFolder(room);
    for (const [name, content] of this.files) copy.files.set(name, content.slice());
    for (const [name, folder] of this.folders) copy.folders.set(name, folder.copy(copy.room));
    return copy;
  }

  /** Counts a change; after the last one, nothing changes any more. */
  change(): void {
    if (this.room.changes <= 0) throw new Error('The browser was killed.');
    this.room.changes -= 1;
  }

  /** As the type that the product's code knows. */
  get handle(): FileSystemDirectoryHandle {
    return this as unknown as FileSystemDirectoryHandle;
  }

  async getDirectoryHandle(name: string, { create = false } = {}): Promise<MemoryFolder> {
    const found = this.folders.get(name);
    if (found) return found;
    if (!create) throw new DOMException('', 'NotFoundError');
    this.change();
    const made = new MemoryFolder(this.room);
    this.folders.set(name, made);
    return made;
  }

  async getFileHandle(name: string, { create = false } = {}) {
    if (!this.files.has(name)) {
      if (!create) throw new DOMException('', 'NotFoundError');
      this.change();
      this.files.set(name, new Uint8Array(0));
    }
    return new MemoryFile(this, name);
  }

  /** Bytes of everything in it. */
  get bytes(): number {
    const own = [...this.files.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    return [...this.folders.values()].reduce((sum, folder) => sum + folder.bytes, own);
  }

  async removeEntry(name: string): Promise<void> {
    this.change();
    this.room.bytes += this.files.get(name)?.byteLength ?? this.folders.get(name)?.bytes ?? 0;
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
    this.change();
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
    if (this.#folder.unreadable.has(this.name)) throw new DOMException('', 'NotReadableError');
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
    if (this.#folder.locked.has(this.name)) throw new DOMException('', 'NoModificationAllowedError');
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
