/**
 * Everything the interface needs from the browser, in one module: a preview or a test replaces this file and the pages
 * run without an extension.
 */
export { openFilesPort } from '../platform/files-port.ts';
export { onUiChanged, sendOneShot } from '../platform/messaging.ts';
export { type ActiveTab, activeTab, openManager } from '../platform/tabs.ts';
