import type { Services } from '../services.ts';
import { handleCapabilities } from './control/capabilities.ts';
import type { ControlHandlers } from './control/control-handlers.ts';
import { handleModelsAvailability } from './control/models-availability.ts';
import { handleModelsList } from './control/models-list.ts';
import { handlePermissionsQuery } from './control/permissions-query.ts';
import { handlePermissionsRequest } from './control/permissions-request.ts';
import { handlePermissionsRevoke } from './control/permissions-revoke.ts';
import { handleSessionOpen } from './control/session-open.ts';
import { handleGrantsExpired } from './report/report-grants-expired.ts';
import type { ReportHandlers } from './report/report-handlers.ts';
import { handleSessionClosed } from './report/report-session-closed.ts';
import { handleUsage } from './report/report-usage.ts';
import { handleAct } from './ui/ui-act.ts';
import { handleDenialClear } from './ui/ui-denial-clear.ts';
import { handleGrantRevoke } from './ui/ui-grant-revoke.ts';
import { handleGrantUpdate } from './ui/ui-grant-update.ts';
import type { UiHandlers } from './ui/ui-handlers.ts';
import { handleJob } from './ui/ui-job.ts';
import { handleModelUnload } from './ui/ui-model-unload.ts';
import { handlePromptAnswer } from './ui/ui-prompt-answer.ts';
import { handlePromptGet } from './ui/ui-prompt-get.ts';
import { handleSettingsSet } from './ui/ui-settings-set.ts';
import { handleState } from './ui/ui-state.ts';
import { handleStop } from './ui/ui-stop.ts';
import { handleStore } from './ui/ui-store.ts';
import { handleTab } from './ui/ui-tab.ts';
import { handleToken } from './ui/ui-token.ts';

/** What pages may call. */
export function controlHandlers(services: Services): ControlHandlers {
  return {
    capabilities: handleCapabilities(services),
    'models.availability': handleModelsAvailability(services),
    'models.list': handleModelsList(services),
    'permissions.query': handlePermissionsQuery(services),
    'permissions.request': handlePermissionsRequest(services),
    'permissions.revoke': handlePermissionsRevoke(services),
    'session.open': handleSessionOpen(services),
  };
}

/** What the prompt window, the popup and the manager may call. */
export function uiHandlers(services: Services): UiHandlers {
  return {
    'ui.act': handleAct(services),
    'ui.denial.clear': handleDenialClear(services),
    'ui.grant.revoke': handleGrantRevoke(services),
    'ui.grant.update': handleGrantUpdate(services),
    'ui.job': handleJob(services),
    'ui.model.unload': handleModelUnload(services),
    'ui.prompt.answer': handlePromptAnswer(services),
    'ui.prompt.get': handlePromptGet(services),
    'ui.settings.set': handleSettingsSet(services),
    'ui.state': handleState(services),
    'ui.stop': handleStop(services),
    'ui.store': handleStore(services),
    'ui.tab': handleTab(services),
    'ui.token': handleToken(services),
  };
}

/** What the host tells. */
export function reportHandlers(services: Services): ReportHandlers {
  return {
    'report.grants-expired': handleGrantsExpired(services),
    'report.session-closed': handleSessionClosed(services),
    'report.usage': handleUsage(services),
  };
}
