/** Lower-case hex SHA-256 of `bytes`. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Bytes that are hashed at once: bounds what checking a large file holds in memory. */
const CHUNK_BYTES = 8 * 2 ** 20;

/** SHA-256 of each 8 MiB of `blob`, in order. */
export async function sha256OfChunks(blob: Blob): Promise<string[]> {
  const hashes: string[] = [];
  for (let at = 0; at < blob.size; at += CHUNK_BYTES) {
    hashes.push(await sha256(new Uint8Array(await blob.slice(at, at + CHUNK_BYTES).arrayBuffer())));
  }
  return hashes;
}
