/** One entry of an archive, with anything in it that a header can say, true or not. */
export interface TarEntry {
  readonly name: string;
  readonly content?: string | Uint8Array;
  /** What the header says; the content's own size if left out. */
  readonly size?: number;
  readonly type?: string;
  readonly prefix?: string;
  readonly magic?: string;
  readonly checksum?: number;
  /** Field of the size as it is, in place of octal digits. */
  readonly rawSize?: Uint8Array;
}

const BLOCK = 512;
const bytesOf = (content: string | Uint8Array) =>
  typeof content === 'string' ? new TextEncoder().encode(content) : content;

/** An archive with these entries, written apart from the product's own writer. */
export function tarOf(entries: readonly TarEntry[], end: number = 2 * BLOCK): Blob {
  return new Blob([new Uint8Array(Buffer.concat([...entries.flatMap(entryParts), new Uint8Array(end)]))]);
}

function entryParts(entry: TarEntry): Uint8Array[] {
  const content = bytesOf(entry.content ?? '');
  const header = Buffer.alloc(BLOCK);
  header.write(entry.name, 0, 100, 'utf8');
  header.write('0000644\0', 100);
  header.write(`${(entry.size ?? content.byteLength).toString(8).padStart(11, '0')}\0`, 124);
  if (entry.rawSize) header.set(entry.rawSize, 124);
  header.write('00000000000\0', 136);
  header.write(entry.type ?? '0', 156);
  header.write(entry.magic ?? 'ustar\0', 257);
  header.write('00', 263);
  header.write(entry.prefix ?? '', 345);
  header.fill(' ', 148, 156);
  const sum = entry.checksum ?? header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = (BLOCK - (content.byteLength % BLOCK)) % BLOCK;
  return [header, content, new Uint8Array(padding)];
}

/** A pax record about the next entry. */
export function paxEntry(fields: Readonly<Record<string, string>>): TarEntry {
  const content = Object.entries(fields)
    .map(([key, value]) => {
      const rest = ` ${key}=${value}\n`;
      const short = Buffer.byteLength(rest) + 1;
      const length = String(short + String(short).length - 1).length + Buffer.byteLength(rest);
      return `${length}${rest}`;
    })
    .join('');
  return { name: 'PaxHeaders/x', type: 'x', content };
}
