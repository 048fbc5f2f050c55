import type { ModelCard } from '../protocol/model.ts';
import type { Settings } from '../protocol/settings.ts';

const BILLION = 1e9;

/** What becomes of a model with the memory that models may take. */
export type MemoryVerdict =
  /** It may fit. */
  | { readonly fits: 'whole' }
  /** Layers would be read from disk for every token. */
  | { readonly fits: 'streamed' }
  /** It fits nowhere here, however it is stored; the reason says what would. */
  | { readonly fits: 'no'; readonly reason: string };

export function memoryVerdict(
  { hardware }: Pick<ModelCard, 'hardware'>,
  { gpuBudgetBytes, cpuBudgetBytes }: Pick<Settings, 'gpuBudgetBytes' | 'cpuBudgetBytes'>,
): MemoryVerdict {
  const [least] = [...(hardware?.precisions ?? [])].sort((a, b) => a.bytes - b.bytes);
  const room = Math.max(gpuBudgetBytes, cpuBudgetBytes);
  if (!hardware || !least || least.bytes <= room) return { fits: 'whole' };
  if ((hardware.streamedBytes ?? Number.POSITIVE_INFINITY) <= room) return { fits: 'streamed' };
  // One digit: what the user allows is nothing that sites have to know exactly.
  const fitting = Number(((hardware.parameters * room) / least.bytes / BILLION).toPrecision(1));
  const size = `${(least.bytes / BILLION).toFixed(1)} GB`;
  const reason =
    `It takes ${size} of memory even with ${least.precision} weights, which is more than models may take here. ` +
    `A model of the same kind with at most about ${fitting} billion parameters would fit.`;
  return { fits: 'no', reason };
}
