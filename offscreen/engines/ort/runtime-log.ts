/** Listens to what the runtime writes, which is the only way to learn which of a graph's operators a provider took. */
export interface RuntimeLog {
  /** Lines that the runtime writes while `work` goes on, kept from the console. */
  during<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly lines: readonly string[] }>;
}

const METHODS = ['log', 'info', 'warn', 'error'] as const;
/** How lines of the runtime are marked: a level, its name and what ran. */
const OF_RUNTIME = /\[[VIWEF]:onnxruntime:/;
/** Levels that nobody needs to see, because they were asked for only to be counted. */
const TALK = /\[[VIW]:onnxruntime:/;

/** Starts to listen. Has to be called before the runtime is loaded, which keeps the console's functions as it finds them. */
export function listenToRuntime(target: Pick<Console, (typeof METHODS)[number]> = console): RuntimeLog {
  let lines: string[] | undefined;
  for (const method of METHODS) {
    const write = target[method].bind(target);
    target[method] = (...parts: unknown[]) => {
      const text = String(parts[0]);
      if (lines && OF_RUNTIME.test(text)) lines.push(text);
      if (!lines || !TALK.test(text)) write(...parts);
    };
  }
  return {
    async during(work) {
      const heard: string[] = [];
      lines = heard;
      try {
        return { value: await work(), lines: heard };
      } finally {
        lines = undefined;
      }
    },
  };
}

/** What the WebNN provider says once a session: how many operators a graph has, and how many it takes. */
const SHARE = /number of nodes in the graph: (\d+) number of nodes supported by WebNN: (\d+)/;

/** Operators of a graph and those that WebNN takes, as the runtime told; none where it did not tell. */
export function readShare(lines: readonly string[]): { readonly nodes: number; readonly webnnNodes: number } {
  for (const line of lines) {
    const [, nodes, webnnNodes] = SHARE.exec(line) ?? [];
    if (nodes && webnnNodes) return { nodes: Number(nodes), webnnNodes: Number(webnnNodes) };
  }
  return { nodes: 0, webnnNodes: 0 };
}
