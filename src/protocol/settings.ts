import * as v from 'valibot';

/** What the user sets once for all sites. */
export const Settings = v.strictObject({
  /** Bytes that models may take on the graphics device, and in ordinary memory. */
  gpuBudgetBytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(2 ** 40)),
  cpuBudgetBytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(2 ** 40)),
  /** A model that nobody used for this long leaves memory. */
  idleUnloadMs: v.pipe(v.number(), v.safeInteger(), v.minValue(1_000), v.maxValue(86_400_000)),
  /** After a denial, the site cannot prompt again for this long. */
  denyCooldownMs: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(366 * 86_400_000)),
  /** Which backend to prefer; `auto` takes the first tier that works. */
  backend: v.picklist(['auto', 'webgpu', 'wasm']),
});
export type Settings = v.InferOutput<typeof Settings>;

export const DEFAULT_SETTINGS: Settings = Object.freeze({
  gpuBudgetBytes: 4 * 2 ** 30,
  cpuBudgetBytes: 4 * 2 ** 30,
  idleUnloadMs: 5 * 60_000,
  denyCooldownMs: 86_400_000,
  backend: 'auto',
});
