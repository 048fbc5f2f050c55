/** Lower-case hex SHA-256 of `bytes`. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Bytes that are hashed at once: bounds what checking a large file holds in memory. */
const CHUNK_BYTES = 8 * 2 ** 20;
/** Pieces in work at the same time: browsers hash on threads of their own. */
const AT_ONCE = 4;

/** SHA-256 of each 8 MiB of `blob`, in order. */
export async function sha256OfChunks(blob: Blob): Promise<string[]> {
  const hashes: string[] = new Array(Math.ceil(blob.size / CHUNK_BYTES));
  let next = 0;
  const work = async () => {
    while (next < hashes.length) {
      const at = next++;
      const piece = await blob.slice(at * CHUNK_BYTES, (at + 1) * CHUNK_BYTES).arrayBuffer();
      hashes[at] = await sha256(new Uint8Array(piece));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return hashes;
}
