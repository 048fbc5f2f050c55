import type { Method, ParamsOf, ResultOf } from '../protocol/define.ts';
import { filesExport } from '../protocol/files/files-export.ts';
import { filesImport } from '../protocol/files/files-import.ts';
import { filesInspect } from '../protocol/files/files-inspect.ts';
import { filesRestore } from '../protocol/files/files-restore.ts';
import { callFiles, type OpenFilesPort } from '../protocol/files-call.ts';
import type { CaveatValues, Subject } from '../protocol/grant.ts';
import { callOneShot, type SendOneShot } from '../protocol/message.ts';
import type { ArchiveSummary, PickedFiles } from '../protocol/model-files.ts';
import type { Settings } from '../protocol/settings.ts';
import type { JobAct, StoreAct, StoreOutcome } from '../protocol/store.ts';
import { uiAct } from '../protocol/ui/ui-act.ts';
import { uiDenialClear } from '../protocol/ui/ui-denial-clear.ts';
import { uiGrantRevoke } from '../protocol/ui/ui-grant-revoke.ts';
import { uiGrantUpdate } from '../protocol/ui/ui-grant-update.ts';
import { uiJob } from '../protocol/ui/ui-job.ts';
import { uiModelUnload } from '../protocol/ui/ui-model-unload.ts';
import { uiPromptAnswer } from '../protocol/ui/ui-prompt-answer.ts';
import { uiPromptGet } from '../protocol/ui/ui-prompt-get.ts';
import { uiSettingsSet } from '../protocol/ui/ui-settings-set.ts';
import { uiState } from '../protocol/ui/ui-state.ts';
import { uiStop } from '../protocol/ui/ui-stop.ts';
import { uiStore } from '../protocol/ui/ui-store.ts';
import { uiTab } from '../protocol/ui/ui-tab.ts';
import { uiToken } from '../protocol/ui/ui-token.ts';
import type { PromptAnswer, PromptView, SiteView } from '../protocol/ui/views.ts';

/** What the manager shows: every site, model and setting. */
export type UiState = ResultOf<typeof uiState>;

/** What the manager shows of the disk. */
export type StoreView = ResultOf<typeof uiStore>;

/** The `ui` channel as the pages use it. Every call may reject with a `WebplatError`. */
export interface UiClient {
  /** What the prompt window with this id shows, or null when it was answered or withdrawn. */
  prompt(id: string): Promise<PromptView | null>;
  /** True when the answer counted; false when the prompt was settled before. */
  answer(id: string, answer: PromptAnswer): Promise<boolean>;
  state(): Promise<UiState>;
  tab(tabId: number, origin?: string): Promise<SiteView[]>;
  /** Aborts running requests of one site, or of all; returns how many. */
  stop(subject?: Subject): Promise<number>;
  /** Withdraws the grants named; returns how many there were. */
  revoke(ids: string[]): Promise<number>;
  revokeAll(): Promise<number>;
  /** False when the grant is gone meanwhile. */
  updateGrant(id: string, caveats: CaveatValues): Promise<boolean>;
  clearDenial(subject: Subject): Promise<void>;
  unload(model: string): Promise<boolean>;
  saveSettings(settings: Settings): Promise<void>;
  /** Starts the host, which alone can look at the disk. */
  store(): Promise<StoreView>;
  act(model: string, act: StoreAct['act']): Promise<StoreOutcome>;
  /** Stops a job or puts it away; false when it is gone. */
  actOnJob(job: string, act: JobAct['act']): Promise<boolean>;
  /** Begins to import; answers the job. */
  importFiles(name: string, files: PickedFiles): Promise<string>;
  inspectArchive(archive: Blob): Promise<ArchiveSummary>;
  restoreArchive(archive: Blob, name: string): Promise<string>;
  /** An archive of a model, once every byte of it was checked. */
  exportModel(model: string): Promise<Blob>;
  /** Sets the hub's token, or removes it. */
  saveToken(token: string | undefined): Promise<void>;
}

/** A client over `send`, which carries one request to the background, and ports to the host, which carry files. */
export function createUiClient(send: SendOneShot, openFiles: OpenFilesPort): UiClient {
  const call = <M extends Method>(method: M, params: ParamsOf<M>) => callOneShot(send, method, params);
  return {
    prompt: async (id) => (await call(uiPromptGet, { id })).prompt,
    answer: async (id, answer) => (await call(uiPromptAnswer, { id, answer })).accepted,
    state: () => call(uiState, {}),
    tab: async (tabId, origin) => (await call(uiTab, { tabId, ...(origin !== undefined && { origin }) })).sites,
    stop: async (subject) => (await call(uiStop, subject ? { subject } : {})).aborted,
    revoke: async (ids) => (await call(uiGrantRevoke, { all: false, ids })).revoked,
    revokeAll: async () => (await call(uiGrantRevoke, { all: true })).revoked,
    updateGrant: async (id, caveats) => (await call(uiGrantUpdate, { id, caveats })).updated,
    clearDenial: async (subject) => {
      await call(uiDenialClear, { subject });
    },
    unload: async (model) => (await call(uiModelUnload, { model })).unloaded,
    saveSettings: async (settings) => {
      await call(uiSettingsSet, settings);
    },
    store: () => call(uiStore, {}),
    act: (model, act) => call(uiAct, { model, act }),
    actOnJob: async (job, act) => (await call(uiJob, { job, act })).known,
    importFiles: async (name, files) => (await callFiles(openFiles, filesImport, { name, files })).job,
    inspectArchive: (archive) => callFiles(openFiles, filesInspect, { archive }),
    restoreArchive: async (archive, name) => (await callFiles(openFiles, filesRestore, { archive, name })).job,
    exportModel: async (model) => (await callFiles(openFiles, filesExport, { model })).archive,
    saveToken: async (token) => {
      await call(uiToken, token === undefined ? {} : { token });
    },
  };
}
