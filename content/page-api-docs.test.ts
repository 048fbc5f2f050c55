import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERRORS } from '../src/protocol/error-table.ts';

const page = readFileSync(new URL('../docs/page-api.md', import.meta.url), 'utf8');

describe('docs/page-api.md', () => {
  it.each(Object.entries(ERRORS))('documents %s as it is', (code, { name, retryable, remedy }) => {
    expect(page).toContain(`| \`${code}\` | ${name} | ${retryable ? 'yes' : 'no'} | ${remedy} |`);
  });
});
