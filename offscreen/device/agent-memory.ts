/** Properties that browsers have and the DOM library does not list. */
interface MeasuredPerformance {
  readonly memory?: { readonly usedJSHeapSize: number };
  measureUserAgentSpecificMemory?(): Promise<{ readonly bytes: number }>;
}

const measured = performance as MeasuredPerformance;

/**
 * Bytes that this page and its workers take, memories of WebAssembly modules included; undefined where the browser does not
 * measure. Takes the browser seconds, in which nothing waits for it.
 */
export async function measureAgentMemory(): Promise<number | undefined> {
  if (!measured.measureUserAgentSpecificMemory || !globalThis.crossOriginIsolated) return undefined;
  return measured.measureUserAgentSpecificMemory().then(
    ({ bytes }) => bytes,
    () => undefined,
  );
}

/** Bytes of this page's own JavaScript objects, where the browser tells. */
export const ownHeapBytes = (): number | undefined => measured.memory?.usedJSHeapSize;
