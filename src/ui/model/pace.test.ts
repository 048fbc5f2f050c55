import { expect, it } from 'vitest';
import { HOST, makeSite } from '../../../test/ui/fake-state.ts';
import { paceMs } from './pace.ts';

const idle = { ...HOST, residents: HOST.residents.map((resident) => ({ ...resident, active: 0 })) };

it('hurries while something runs or loads, and rests without a host', () => {
  const loading = {
    ...idle,
    residents: idle.residents.map((resident) => ({ ...resident, state: 'loading' as const })),
  };
  const running = makeSite('https://example.org', { active: 1 });
  expect(paceMs({ sites: [running], host: idle })).toBe(1000);
  expect(paceMs({ sites: [], host: loading })).toBe(1000);
  expect(paceMs({ sites: [], host: HOST })).toBe(1000);
  expect(paceMs({ sites: [], host: idle })).toBe(2000);
  expect(paceMs({ sites: [] })).toBeUndefined();
});
