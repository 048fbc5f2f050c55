import type { ModelCard } from '../../protocol/model.ts';
import { formatBytes } from '../format/numbers.ts';

/** What a model costs and on what terms it is there. */
export function modelFacts({ diskBytes, residentBytes, licence }: ModelCard): readonly string[] {
  const size =
    residentBytes > 0
      ? [`${formatBytes(diskBytes)} on disk`, `${formatBytes(residentBytes)} in memory`]
      : ['No weights'];
  return [...size, `${licence} licence`];
}
