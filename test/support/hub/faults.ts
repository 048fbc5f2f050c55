/** What a hub may do wrong to a request. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** Redirects to an address, or so often in a circle that browsers give up. */
  | { readonly kind: 'redirect'; readonly to: string }
  | { readonly kind: 'loop' }
  /** Says that the body is longer than it is. */
  | { readonly kind: 'wrong-length' }
  /** Sends another range than the one that was asked for, and says so. */
  | { readonly kind: 'wrong-range' }
  /** Ignores ranges: answers 200 with the whole file. */
  | { readonly kind: 'no-ranges' }
  /** Another version of the file from now on. */
  | { readonly kind: 'etag'; readonly etag: string }
  /** Changes one byte of the file. */
  | { readonly kind: 'corrupt'; readonly at: number }
  | { readonly kind: 'drip'; readonly bytesPerS: number }
  /** Sends so many bytes of the answer and then nothing more. */
  | { readonly kind: 'stall'; readonly after: number }
  | { readonly kind: 'reset'; readonly after: number }
  /** Compresses the body, unasked. */
  | { readonly kind: 'gzip' }
  /** Answers with this text instead of what was asked for. */
  | { readonly kind: 'body'; readonly body: string };

export interface FaultRule {
  /** Matches the path with its query. */
  readonly path: RegExp;
  /** Requests that it applies to; all, if left out. */
  readonly times?: number;
  /** Requests that match and go well before. */
  readonly skip?: number;
}

interface LiveRule extends FaultRule {
  readonly fault: Fault;
  seen: number;
}

/** The faults that are in force, in the order in which they were added. */
export function createFaults() {
  let rules: LiveRule[] = [];
  return {
    add(rule: FaultRule, fault: Fault): void {
      rules.push({ ...rule, fault, seen: 0 });
    },
    clear(): void {
      rules = [];
    },
    /** The fault of one request; asking counts as a request. */
    of(path: string): Fault | undefined {
      for (const rule of rules) {
        if (!rule.path.test(path)) continue;
        rule.seen += 1;
        const nth = rule.seen - (rule.skip ?? 0);
        if (nth > 0 && nth <= (rule.times ?? Number.POSITIVE_INFINITY)) return rule.fault;
      }
      return undefined;
    },
  };
}
