/** How often a test kills the browser; another number with `WEBPLAT_KILLS`. */
export const KILLS = Math.max(1, Number(process.env.WEBPLAT_KILLS ?? 10) || 10);
