import * as v from 'valibot';
import { ERRORS, type ErrorCode } from './error-table.ts';

const codes = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

/** Figures that belong to an error; never paths, stacks, or anything about another site. */
export const ErrorData = v.strictObject({
  requested: v.optional(v.pipe(v.number(), v.finite())),
  quota: v.optional(v.pipe(v.number(), v.finite())),
  retryAfterMs: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0))),
  field: v.optional(v.pipe(v.string(), v.maxLength(128))),
  reason: v.optional(v.pipe(v.string(), v.maxLength(512))),
});
export type ErrorData = v.InferOutput<typeof ErrorData>;

/** An error as it travels between contexts. */
export const WireError = v.strictObject({
  code: v.picklist(codes),
  message: v.pipe(v.string(), v.maxLength(1024)),
  data: v.optional(ErrorData),
});
export type WireError = v.InferOutput<typeof WireError>;
