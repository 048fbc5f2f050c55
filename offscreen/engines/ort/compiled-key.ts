import { env } from 'onnxruntime-common';
import { FAMILIES } from '../../families/registry.ts';

/** The runtime as compiled models know it: what one version compiled, another may not run. */
export const RUNTIME_VERSION = `ort${env.versions.common}`;

/** Whether what was compiled under a key is what this version would make. */
export function isCurrentArtifact(key: string): boolean {
  const makers = FAMILIES.map(({ modelTypes, emitterVersion }) => `${modelTypes[0]}${emitterVersion}`);
  return makers.some((maker) => key.endsWith(`-${maker}-${RUNTIME_VERSION}`));
}
