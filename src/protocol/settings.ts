import * as v from 'valibot';
import { BACKENDS } from './hardware-names.ts';
import { HOST_PATTERN } from './hosts.ts';
import { LIMITS } from './limits.ts';

const BytesSetting = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(2 ** 44));

/** An address without path, credentials, query or fragment, as hubs have them. */
const BaseUrl = v.pipe(v.string(), v.maxLength(256), v.regex(/^https?:\/\/[a-z0-9.[\]:-]+$/));

/** A model's name, or the beginning of one and `*`. */
const ModelPattern = v.pipe(
  v.string(),
  v.maxLength(LIMITS.modelNameChars),
  v.regex(/^(hf|https?):[A-Za-z0-9._/@:[\]-]*\*?$/),
);

/** What may be downloaded, from where, and how much of the disk it may take. */
export const DownloadSettings = v.strictObject({
  /** The hub that `hf:` means. */
  hubUrl: BaseUrl,
  /** Others that serve the same files under the same paths. */
  mirrors: v.pipe(v.array(BaseUrl), v.maxLength(8)),
  /** Hosts that anything may be fetched from, redirects included; `*.` stands for all below a name. */
  hosts: v.pipe(v.array(v.pipe(v.string(), v.maxLength(256), v.regex(HOST_PATTERN))), v.maxLength(64)),
  /** Models that may be downloaded when a site that the user allowed one asks for it. */
  models: v.pipe(v.array(ModelPattern), v.maxLength(256)),
  /** Bytes a second over all downloads; 0 for no limit. */
  bandwidthBytesPerS: BytesSetting,
  /** Whether to download on connections that cost by the byte. */
  metered: v.picklist(['allow', 'refuse']),
  /** Bytes that downloaded and compiled models may take together, and that are left free on the disk in any case. */
  diskBudgetBytes: BytesSetting,
  diskReserveBytes: BytesSetting,
});
export type DownloadSettings = v.InferOutput<typeof DownloadSettings>;

export const DEFAULT_DOWNLOADS: DownloadSettings = Object.freeze({
  hubUrl: 'https://huggingface.co',
  mirrors: [],
  hosts: ['huggingface.co', '*.huggingface.co', 'hf.co', '*.hf.co'],
  models: ['hf:*'],
  bandwidthBytesPerS: 0,
  metered: 'refuse',
  diskBudgetBytes: 40 * 2 ** 30,
  diskReserveBytes: 2 * 2 ** 30,
});

/** What the user sets once for all sites. */
export const Settings = v.strictObject({
  /** Bytes that models may take on the graphics device, and in ordinary memory. */
  gpuBudgetBytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(2 ** 40)),
  cpuBudgetBytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(2 ** 40)),
  /** A model that nobody used for this long leaves memory. */
  idleUnloadMs: v.pipe(v.number(), v.safeInteger(), v.minValue(1_000), v.maxValue(86_400_000)),
  /** After a denial, the site cannot prompt again for this long. */
  denyCooldownMs: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(366 * 86_400_000)),
  /** Which backend to prefer; `auto` takes the first tier that works, and WebNN only where it is named: on the processor, or as it says. */
  backend: v.picklist(['auto', ...BACKENDS, 'webnn-gpu', 'webnn-npu']),
  downloads: v.optional(DownloadSettings, () => ({ ...DEFAULT_DOWNLOADS })),
});
export type Settings = v.InferOutput<typeof Settings>;

export const DEFAULT_SETTINGS: Settings = Object.freeze({
  gpuBudgetBytes: 4 * 2 ** 30,
  cpuBudgetBytes: 4 * 2 ** 30,
  idleUnloadMs: 5 * 60_000,
  denyCooldownMs: 86_400_000,
  backend: 'auto',
  downloads: DEFAULT_DOWNLOADS,
});
