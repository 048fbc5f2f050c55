import { expect, it } from 'vitest';
import { backendOf } from './placements.ts';

const [whole, part, none, unused] = [
  { component: 'a', nodes: 9, webnnNodes: 9 },
  { component: 'b', nodes: 9, webnnNodes: 7, reason: 'Two were left.' },
  { component: 'c', nodes: 0, webnnNodes: 0, reason: 'It was refused.' },
  { component: 'd', nodes: 0, webnnNodes: 0 },
];

it.each([
  ['REAL_WEBNN', [whole, unused]],
  ['PARTLY_WEBNN', [whole, part]],
  ['PARTLY_WEBNN', [whole, none]],
  ['PARTLY_WEBNN', [unused]],
  ['REAL_WASM', [none]],
] as const)('%s is what computes %j', (backend, placements) => {
  expect(backendOf(placements)).toBe(backend);
});
