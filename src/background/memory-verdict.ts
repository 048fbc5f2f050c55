import type { ModelCard } from '../protocol/model.ts';
import type { Settings } from '../protocol/settings.ts';

const BILLION = 1e9;

/** Why a model fits nowhere here however it is stored, and what would; undefined when it may fit. */
export function memoryVerdict(
  { hardware }: Pick<ModelCard, 'hardware'>,
  { gpuBudgetBytes, cpuBudgetBytes }: Pick<Settings, 'gpuBudgetBytes' | 'cpuBudgetBytes'>,
): string | undefined {
  const [least] = [...(hardware?.precisions ?? [])].sort((a, b) => a.bytes - b.bytes);
  const room = Math.max(gpuBudgetBytes, cpuBudgetBytes);
  if (!hardware || !least || least.bytes <= room) return undefined;
  // One digit: what the user allows is nothing that sites have to know exactly.
  const fitting = Number(((hardware.parameters * room) / least.bytes / BILLION).toPrecision(1));
  const size = `${(least.bytes / BILLION).toFixed(1)} GB`;
  return (
    `It takes ${size} of memory even with ${least.precision} weights, which is more than models may take here. ` +
    `A model of the same kind with at most about ${fitting} billion parameters would fit.`
  );
}
