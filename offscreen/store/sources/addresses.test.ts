import { expect, it } from 'vitest';
import { addressesOf } from './addresses.ts';

const settings = { hubUrl: 'https://hub.example', mirrors: ['https://mirror.example'] };
const COMMIT = 'a'.repeat(40);

it.each<[string, string | undefined, string[]]>([
  [
    'hf:org/name',
    COMMIT,
    [
      `https://hub.example/org/name/resolve/${COMMIT}/config.json`,
      `https://mirror.example/org/name/resolve/${COMMIT}/config.json`,
    ],
  ],
  ['hf:org/name', undefined, []],
  ['https://a.example/models/x/', undefined, ['https://a.example/models/x/config.json']],
  ['file:mine', COMMIT, []],
])('a file of %s at %s', (name, commit, addresses) => {
  expect(addressesOf(name, commit, 'config.json', settings)).toEqual(addresses);
});
