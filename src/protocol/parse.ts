import * as v from 'valibot';
import { WebplatError } from './errors.ts';

/** Validates `value`, naming the field that is wrong but never repeating what was sent. */
export function parse<S extends v.GenericSchema>(schema: S, value: unknown, what: string): v.InferOutput<S> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = v.getDotPath(issue)?.slice(0, 128) ?? '(top level)';
  throw new WebplatError('invalid-request', `${what}: ${field} must be ${expectation(issue)}.`, { field });
}

function expectation(issue: v.BaseIssue<unknown>): string {
  if (issue.type === 'strict_object' && issue.expected === 'never') return 'left out, it is not a known field';
  return issue.expected ?? `valid (${issue.type})`;
}
