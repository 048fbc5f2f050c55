import * as v from 'valibot';
import { ModelCard } from '../../src/protocol/model.ts';
import { ModelPath } from '../../src/protocol/model-files.ts';
import { Bytes } from '../../src/protocol/scalars.ts';

const Sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

/** `models/index.json` of the package: URLs are relative to the directory that holds it. */
export const PackagedIndex = v.array(
  v.strictObject({
    card: ModelCard,
    engine: v.literal('ort'),
    contentHash: Sha256,
    files: v.pipe(
      v.array(
        v.strictObject({
          path: ModelPath,
          bytes: Bytes,
          sha256: Sha256,
          url: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_][A-Za-z0-9._/-]*$/)),
        }),
      ),
      v.minLength(1),
    ),
  }),
);
export type PackagedIndex = v.InferOutput<typeof PackagedIndex>;
