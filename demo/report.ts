import { formatTable } from '../scripts/lib/table.ts';

/** What one site measured of its own request. */
export interface SiteFigures {
  readonly origin: string;
  readonly firstTokenMs: number;
  readonly tokensPerSecond: number;
  readonly text: string;
  readonly backend: string;
  readonly adapter?: string;
}

/** What the demo ends with, as `--json` writes it. */
export interface DemoReport {
  readonly sites: readonly SiteFigures[];
  /** Loads since the host started: one, however many sites use the model. */
  readonly modelLoads: number;
  readonly residentModels: number;
  readonly gpuBytes: number;
  readonly hostHeapBytes: number | null;
  readonly promptsShown: number;
  /** How long both sites streamed at the same time. */
  readonly togetherMs: number;
  readonly browser: string;
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** The report as a person reads it. */
export function formatReport(report: DemoReport): string {
  const sites = report.sites.map(({ origin, firstTokenMs, tokensPerSecond, backend, adapter, text }) => [
    origin,
    `${Math.round(firstTokenMs)} ms`,
    `${tokensPerSecond.toFixed(1)}/s`,
    backend + (adapter ? ` (${adapter})` : ''),
    text.length > 48 ? `${text.slice(0, 47)}…` : text,
  ]);
  return [
    formatTable(['site', 'first token', 'tokens', 'computed by', 'text'], sites),
    '',
    `models loaded: ${report.modelLoads}, resident: ${report.residentModels}; prompts shown: ${report.promptsShown}`,
    `graphics memory: ${mebibytes(report.gpuBytes)}; host heap: ${
      report.hostHeapBytes === null ? 'unknown' : mebibytes(report.hostHeapBytes)
    }; streamed together for ${Math.round(report.togetherMs)} ms`,
    report.browser,
  ].join('\n');
}
