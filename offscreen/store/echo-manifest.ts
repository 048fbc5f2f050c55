import type { ModelManifest } from './manifest.ts';

/** The model without files; the hash is SHA-256 of nothing, as {@link ModelManifest.contentHash} defines it. */
export const ECHO_MANIFEST: ModelManifest = Object.freeze({
  card: {
    name: 'packaged:echo',
    title: 'Echo',
    description: 'Repeats what it is given. For trying a site without a graphics device; it computes nothing.',
    licence: 'MIT',
    tasks: ['text-generation', 'tensors'] as const satisfies ModelManifest['card']['tasks'],
    source: 'packaged',
    diskBytes: 0,
    downloadBytes: 0,
    residentBytes: 0,
  },
  engine: 'echo',
  contentHash: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  files: [],
} satisfies ModelManifest);
