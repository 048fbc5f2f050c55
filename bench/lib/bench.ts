/** What a bench hands back: figures for `--json`, tables for people, and whether what was measured was also right. */
export interface BenchOutcome {
  readonly figures: Readonly<Record<string, unknown>>;
  readonly tables: readonly string[];
  /** Expectations of the project, each held or not; a missed one is reported and fails nothing but the bench. */
  readonly expectations: readonly { readonly text: string; readonly held: boolean }[];
}

/** What the command line may narrow a bench down to. */
export interface BenchOptions {
  readonly backend?: 'wasm' | 'webgpu';
  /** Names of parts, where a bench has several. */
  readonly parts?: readonly string[];
}

/** Measures one thing. Throws when a result was wrong: a figure for wrong work is worth nothing. */
export interface Bench {
  readonly name: string;
  /** What is measured, how, in one paragraph; printed above the tables. */
  readonly method: string;
  run(options?: BenchOptions): Promise<BenchOutcome>;
}
