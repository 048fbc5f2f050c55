import { Settings } from '../../protocol/settings.ts';
import { boundsOf, type LabelledMeasure, measureText, parseMeasure } from './measure.ts';

type MeasuredSetting = Exclude<keyof Settings, 'backend' | 'downloads'>;

const { entries } = Settings;

export const SETTING_FIELDS: Readonly<Record<MeasuredSetting, LabelledMeasure>> = {
  gpuBudgetBytes: {
    label: 'Graphics memory for models',
    hint: 'Models that nobody uses leave it when it is full.',
    unit: 'GB',
    scale: 2 ** 30,
    digits: 2,
    ...boundsOf(entries.gpuBudgetBytes),
  },
  cpuBudgetBytes: {
    label: 'Ordinary memory for models',
    hint: 'Used where the graphics device cannot run a model.',
    unit: 'GB',
    scale: 2 ** 30,
    digits: 2,
    ...boundsOf(entries.cpuBudgetBytes),
  },
  idleUnloadMs: {
    label: 'Unload a model when it was idle for',
    hint: 'Loading it again takes a moment; until then its memory is free.',
    unit: 'minutes',
    scale: 60_000,
    digits: 2,
    ...boundsOf(entries.idleUnloadMs),
  },
  denyCooldownMs: {
    label: 'After a no, keep the site from asking for',
    hint: 'Applies to what is denied from now on.',
    unit: 'hours',
    scale: 3_600_000,
    digits: 2,
    ...boundsOf(entries.denyCooldownMs),
  },
};

export const SETTING_KEYS = Object.keys(SETTING_FIELDS) as readonly MeasuredSetting[];

export const BACKEND_CHOICES = [
  { value: 'auto', label: 'Automatic', detail: 'The fastest that works on this computer.' },
  { value: 'webgpu', label: 'Graphics device', detail: 'WebGPU first; fast, and uses graphics memory.' },
  { value: 'wasm', label: 'Processor', detail: 'WebAssembly only; slower, and leaves the graphics device alone.' },
  {
    value: 'webnn',
    label: 'WebNN',
    detail: 'What the browser itself has for models, on the processor; an experiment.',
  },
  { value: 'webnn-gpu', label: 'WebNN, graphics device', detail: 'The same on the graphics device.' },
  { value: 'webnn-npu', label: 'WebNN, accelerator', detail: 'The same on a processor for networks.' },
] as const satisfies readonly { value: Settings['backend']; label: string; detail: string }[];

/** The settings as the user edits them; numbers are kept as typed. */
export interface SettingsDraft {
  readonly numbers: Readonly<Record<MeasuredSetting, string>>;
  readonly backend: Settings['backend'];
}

export type SettingsErrors = Partial<Record<MeasuredSetting, string>>;
export type EditedSettings =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly errors: SettingsErrors };

/** A draft that changes nothing. */
export function settingsDraftOf(settings: Settings): SettingsDraft {
  return { numbers: mapNumbers((key) => measureText(SETTING_FIELDS[key], settings[key])), backend: settings.backend };
}

/** Turns a draft into settings, or says what is wrong with each field. */
export function editSettings(before: Settings, draft: SettingsDraft): EditedSettings {
  const errors: SettingsErrors = {};
  const numbers = mapNumbers((key) => {
    if (draft.numbers[key].trim() === measureText(SETTING_FIELDS[key], before[key])) return before[key];
    const typed = parseMeasure(SETTING_FIELDS[key], draft.numbers[key]);
    if (typed.ok) return typed.value;
    errors[key] = typed.error;
    return before[key];
  });
  if (Object.keys(errors).length > 0) return { ok: false, errors };
  return { ok: true, settings: { ...numbers, backend: draft.backend, downloads: before.downloads } };
}

function mapNumbers<T>(each: (key: MeasuredSetting) => T): Record<MeasuredSetting, T> {
  return Object.fromEntries(SETTING_KEYS.map((key) => [key, each(key)])) as Record<MeasuredSetting, T>;
}
