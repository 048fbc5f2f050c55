import type { HostStatus } from '../../src/protocol/host/host-status.ts';
import { measureAgentMemory, ownHeapBytes } from './agent-memory.ts';
import { probeCapabilities } from './capabilities.ts';

/** Figures of the host's surroundings that belong to no model. */
export interface HostMonitor {
  read(): Promise<Pick<HostStatus, 'hostHeapBytes' | 'tiers' | 'adapter'>>;
}

/** A measurement older than this is repeated in the background; the answer never waits for it twice. */
const STALE_AFTER_MS = 5_000;

/**
 * Probes once what the device offers, and measures the JavaScript heap. The whole-agent measurement covers the host's
 * workers but takes the browser seconds, so a read answers with the last one and starts the next.
 */
export function createHostMonitor(): HostMonitor {
  let capabilities: ReturnType<typeof probeCapabilities> | undefined;
  let last: { bytes: number; at: number } | undefined;
  let measuring = false;

  async function measure(): Promise<void> {
    if (measuring || (last && performance.now() - last.at < STALE_AFTER_MS)) return;
    measuring = true;
    const bytes = await measureAgentMemory();
    if (bytes !== undefined) last = { bytes, at: performance.now() };
    measuring = false;
  }

  return {
    async read() {
      void measure();
      capabilities ??= probeCapabilities();
      const { tiers, adapter } = await capabilities;
      const hostHeapBytes = last?.bytes ?? ownHeapBytes();
      return { tiers: [...tiers], ...(adapter && { adapter }), ...(hostHeapBytes !== undefined && { hostHeapBytes }) };
    },
  };
}
