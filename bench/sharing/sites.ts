import type { InferRequest } from '../../content/webplat.d.ts';

/** Numbers of sites whose memory is reported. */
export const SITE_COUNTS = [1, 2, 5] as const;
export const SITES = 5;

/** Greedy, so that the text is the same wherever it is computed. */
export const REQUEST: InferRequest = {
  model: 'packaged:storyteller',
  task: 'text-generation',
  input: [{ role: 'user', content: 'Tell me a story about a fox.' }],
  options: { maxNewTokens: 32 },
};

/** What one run over all sites measured, site by site. */
export interface Growth {
  readonly firstTokenMs: readonly number[];
  /** Bytes beyond the open pages, after each site. */
  readonly bytes: readonly number[];
  readonly texts: readonly string[];
  readonly modelLoads: number;
  /** What the host itself reports as taken by models. */
  readonly hostBytes: number;
  readonly browser: string;
  readonly backend: string;
  readonly adapter: string;
}

/** What a page says about its own request. */
export interface PageFigures {
  readonly firstTokenMs: number;
  readonly text: string;
  readonly backend: string;
  readonly adapter: string;
}
