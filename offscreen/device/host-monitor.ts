import type { HostStatus } from '../../src/protocol/host/host-status.ts';
import { probeCapabilities } from './capabilities.ts';

/** Figures of the host's surroundings that belong to no model. */
export interface HostMonitor {
  read(): Promise<Pick<HostStatus, 'hostHeapBytes' | 'tiers' | 'adapter'>>;
}

/** Properties that browsers have and the DOM library does not list. */
interface MeasuredPerformance {
  readonly memory?: { readonly usedJSHeapSize: number };
  measureUserAgentSpecificMemory?(): Promise<{ readonly bytes: number }>;
}

/** A measurement older than this is repeated in the background; the answer never waits for it twice. */
const STALE_AFTER_MS = 5_000;

/**
 * Probes once what the device offers, and measures the JavaScript heap. The whole-agent measurement covers the host's
 * workers but takes the browser seconds, so a read answers with the last one and starts the next.
 */
export function createHostMonitor(): HostMonitor {
  const measured = performance as MeasuredPerformance;
  let capabilities: ReturnType<typeof probeCapabilities> | undefined;
  let last: { bytes: number; at: number } | undefined;
  let measuring = false;

  function measure(): void {
    if (measuring || !measured.measureUserAgentSpecificMemory || !globalThis.crossOriginIsolated) return;
    if (last && performance.now() - last.at < STALE_AFTER_MS) return;
    measuring = true;
    measured
      .measureUserAgentSpecificMemory()
      .then(
        ({ bytes }) => {
          last = { bytes, at: performance.now() };
        },
        () => {},
      )
      .finally(() => {
        measuring = false;
      });
  }

  return {
    async read() {
      measure();
      capabilities ??= probeCapabilities();
      const { tiers, adapter } = await capabilities;
      const hostHeapBytes = last?.bytes ?? measured.memory?.usedJSHeapSize;
      return { tiers: [...tiers], ...(adapter && { adapter }), ...(hostHeapBytes !== undefined && { hostHeapBytes }) };
    },
  };
}
