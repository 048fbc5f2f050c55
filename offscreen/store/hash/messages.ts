import * as v from 'valibot';

const Job = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const Size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Hex = v.pipe(v.string(), v.regex(/^[0-9a-f]*$/));

/** What the store tells its hash worker. */
export const ToHasher = v.variant('kind', [
  v.strictObject({
    kind: v.literal('start'),
    job: Job,
    file: v.strictObject({ id: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)), bytes: Size }),
  }),
  v.strictObject({ kind: v.literal('offer'), job: Job, index: Size }),
  v.strictObject({ kind: v.literal('cancel'), job: Job }),
]);
export type ToHasher = v.InferOutput<typeof ToHasher>;

/** What the worker answers, once a job. */
export const FromHasher = v.variant('kind', [
  v.strictObject({
    kind: v.literal('digest'),
    job: Job,
    digest: v.strictObject({ sha256: Hex, gitOid: Hex, chunks: v.array(Hex) }),
  }),
  v.strictObject({ kind: v.literal('failed'), job: Job, message: v.string() }),
]);
export type FromHasher = v.InferOutput<typeof FromHasher>;
