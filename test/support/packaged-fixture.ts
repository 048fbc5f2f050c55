import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ModelManifest } from '../../offscreen/store/manifest.ts';

const FILES = ['config.json', 'model.safetensors'];

/** A reference model as if it were packaged: its manifest, an index that lists it alone, and what is to be served where. */
export async function packagedFixture(name: string) {
  const contents = await Promise.all(
    FILES.map(async (path) => ({ path, content: await readFile(`test/fixtures/models/${name}/${path}`) })),
  );
  const files = contents.map(({ path, content }) => ({
    path,
    bytes: content.byteLength,
    sha256: createHash('sha256').update(content).digest('hex'),
    url: `${name}/${path}`,
  }));
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const manifest: ModelManifest = {
    engine: 'ort',
    contentHash: createHash('sha256')
      .update(files.map(({ sha256 }) => sha256).join())
      .digest('hex'),
    card: {
      name: `packaged:${name}`,
      title: name,
      description: 'A reference model.',
      licence: 'MIT',
      tasks: ['tensors'],
      source: 'packaged',
      diskBytes: bytes,
      downloadBytes: 0,
      residentBytes: bytes,
    },
    files: files.map((file) => ({ path: file.path, bytes: file.bytes })),
  };
  const served = new Map<string, Uint8Array>(contents.map(({ path, content }) => [`/models/${name}/${path}`, content]));
  served.set('/models/index.json', Buffer.from(JSON.stringify([{ ...manifest, files }])));
  return { manifest, served };
}
