import { subjectKey } from '../permissions/identity.ts';
import type { PermissionStore } from './store/permission-store.ts';

/** Sites that hold a grant, as hosts name them; models on disk are kept for these. */
export async function grantedSites(permissions: Pick<PermissionStore, 'grants'>): Promise<string[]> {
  const keys = (await permissions.grants()).map(({ invoker, topOrigin }) => subjectKey({ invoker, topOrigin }));
  return [...new Set(keys)].slice(0, 8192);
}
