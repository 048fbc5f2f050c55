import { expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '../../protocol/settings.ts';
import { editSettings, settingsDraftOf } from './settings-edit.ts';

const draft = settingsDraftOf(DEFAULT_SETTINGS);

it('changes nothing by itself', () => {
  expect(editSettings(DEFAULT_SETTINGS, draft)).toEqual({ ok: true, settings: DEFAULT_SETTINGS });
});

it('reads budgets in gigabytes and times in their units', () => {
  const numbers = { ...draft.numbers, gpuBudgetBytes: '1.5', idleUnloadMs: '0.5', denyCooldownMs: '0' };
  expect(editSettings(DEFAULT_SETTINGS, { numbers, backend: 'wasm' })).toEqual({
    ok: true,
    settings: {
      ...DEFAULT_SETTINGS,
      gpuBudgetBytes: 1.5 * 2 ** 30,
      idleUnloadMs: 30_000,
      denyCooldownMs: 0,
      backend: 'wasm',
    },
  });
});

it('refuses what the protocol would refuse', () => {
  const numbers = { ...draft.numbers, gpuBudgetBytes: '2000', idleUnloadMs: '0', cpuBudgetBytes: '-1' };
  expect(editSettings(DEFAULT_SETTINGS, { ...draft, numbers })).toEqual({
    ok: false,
    errors: {
      gpuBudgetBytes: 'At most 1024.',
      idleUnloadMs: 'At least 0.02.',
      cpuBudgetBytes: 'Type a number of GB.',
    },
  });
});
