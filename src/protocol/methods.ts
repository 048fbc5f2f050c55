import { bridgeAttach } from './bridge/bridge-attach.ts';
import { bridgeFiles } from './bridge/bridge-files.ts';
import { hostAttach } from './bridge/host-attach.ts';
import { hostFiles } from './bridge/host-files.ts';
import { capabilities } from './control/capabilities.ts';
import { modelsAvailability } from './control/models-availability.ts';
import { modelsList } from './control/models-list.ts';
import { permissionsQuery } from './control/permissions-query.ts';
import { permissionsRequest } from './control/permissions-request.ts';
import { permissionsRevoke } from './control/permissions-revoke.ts';
import { sessionOpen } from './control/session-open.ts';
import { chatAppend } from './data/chat-append.ts';
import { chatClone } from './data/chat-clone.ts';
import { chatCreate } from './data/chat-create.ts';
import { chatDestroy } from './data/chat-destroy.ts';
import { chatPrompt } from './data/chat-prompt.ts';
import { infer } from './data/infer.ts';
import { modelsLoad } from './data/models-load.ts';
import { modelsRelease } from './data/models-release.ts';
import { perform } from './data/perform.ts';
import { run } from './data/run.ts';
import { stream } from './data/stream.ts';
import { tensorRead } from './data/tensor-read.ts';
import { tensorRelease } from './data/tensor-release.ts';
import type { Method } from './define.ts';
import { filesExport } from './files/files-export.ts';
import { filesImport } from './files/files-import.ts';
import { filesInspect } from './files/files-inspect.ts';
import { filesRestore } from './files/files-restore.ts';
import { hostAct } from './host/host-act.ts';
import { hostDescribe } from './host/host-describe.ts';
import { hostHello } from './host/host-hello.ts';
import { hostJob } from './host/host-job.ts';
import { hostModels } from './host/host-models.ts';
import { hostSessionEnd } from './host/host-session-end.ts';
import { hostSessionStart } from './host/host-session-start.ts';
import { hostSettings } from './host/host-settings.ts';
import { hostSites } from './host/host-sites.ts';
import { hostStatus } from './host/host-status.ts';
import { hostStop } from './host/host-stop.ts';
import { hostStore } from './host/host-store.ts';
import { hostToken } from './host/host-token.ts';
import { hostUnload } from './host/host-unload.ts';
import { hostWarm } from './host/host-warm.ts';
import { reportGrantsExpired } from './report/report-grants-expired.ts';
import { reportSessionClosed } from './report/report-session-closed.ts';
import { reportUsage } from './report/report-usage.ts';
import { uiAct } from './ui/ui-act.ts';
import { uiDenialClear } from './ui/ui-denial-clear.ts';
import { uiGrantRevoke } from './ui/ui-grant-revoke.ts';
import { uiGrantUpdate } from './ui/ui-grant-update.ts';
import { uiJob } from './ui/ui-job.ts';
import { uiModelUnload } from './ui/ui-model-unload.ts';
import { uiPromptAnswer } from './ui/ui-prompt-answer.ts';
import { uiPromptGet } from './ui/ui-prompt-get.ts';
import { uiSettingsSet } from './ui/ui-settings-set.ts';
import { uiState } from './ui/ui-state.ts';
import { uiStop } from './ui/ui-stop.ts';
import { uiStore } from './ui/ui-store.ts';
import { uiTab } from './ui/ui-tab.ts';
import { uiToken } from './ui/ui-token.ts';

/**
 * Every message there is, by channel. A name that is not listed on a channel does not exist on it and is refused.
 */
export const CONTROL_METHODS = [
  capabilities,
  modelsAvailability,
  modelsList,
  permissionsQuery,
  permissionsRequest,
  permissionsRevoke,
  sessionOpen,
] as const;
export const DATA_METHODS = [
  chatAppend,
  chatClone,
  chatCreate,
  chatDestroy,
  chatPrompt,
  infer,
  modelsLoad,
  modelsRelease,
  perform,
  run,
  stream,
  tensorRead,
  tensorRelease,
] as const;
export const HOST_METHODS = [
  hostAct,
  hostDescribe,
  hostHello,
  hostJob,
  hostModels,
  hostSessionEnd,
  hostSessionStart,
  hostSettings,
  hostSites,
  hostStatus,
  hostStop,
  hostStore,
  hostToken,
  hostUnload,
  hostWarm,
] as const;
export const REPORT_METHODS = [reportGrantsExpired, reportSessionClosed, reportUsage] as const;
export const BRIDGE_METHODS = [bridgeAttach, bridgeFiles, hostAttach, hostFiles] as const;
export const FILES_METHODS = [filesExport, filesImport, filesInspect, filesRestore] as const;
export const UI_METHODS = [
  uiAct,
  uiDenialClear,
  uiGrantRevoke,
  uiGrantUpdate,
  uiJob,
  uiModelUnload,
  uiPromptAnswer,
  uiPromptGet,
  uiSettingsSet,
  uiState,
  uiStop,
  uiStore,
  uiTab,
  uiToken,
] as const;

export const ALL_METHODS: readonly Method[] = [
  ...CONTROL_METHODS,
  ...DATA_METHODS,
  ...HOST_METHODS,
  ...REPORT_METHODS,
  ...BRIDGE_METHODS,
  ...FILES_METHODS,
  ...UI_METHODS,
];
