import { setBadge } from '../platform/badge.ts';
import { onBridgeMessage, postToHost } from '../platform/bridge.ts';
import { onControlPort } from '../platform/control-ports.ts';
import { documents } from '../platform/documents.ts';
import { hangUpForHost } from '../platform/host-life.ts';
import { sendOneShot } from '../platform/messaging.ts';
import { ensureHostDocument, hasHostDocument } from '../platform/offscreen.ts';
import { onOneShot } from '../platform/one-shot.ts';
import { wakeAtBrowserStart } from '../platform/startup.ts';
import { keepStorageToExtension, localStorageArea, sessionStorageArea } from '../platform/storage.ts';
import { onWindowClosed, promptWindows } from '../platform/windows.ts';
import { randomToken } from '../shared/ids.ts';
import { createLogger } from '../shared/logger.ts';
import { createBackground } from './background.ts';

/**
 * The background of the extension. All listeners are registered before the first await, because the browser replays the
 * event that woke the background only to listeners that are there at once.
 */
const logger = createLogger('background');
const fail = (what: string) => (error: unknown) => logger.error(what, { error: String(error) });

const background = createBackground({
  local: localStorageArea,
  session: sessionStorageArea,
  windows: promptWindows,
  documents,
  host: { exists: hasHostDocument, ensure: ensureHostDocument, send: sendOneShot, give: postToHost },
  setBadge,
  now: () => Date.now(),
  later(task, delayMs) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
  newToken: randomToken,
  logger,
});

onControlPort(background.acceptPage);
hangUpForHost();
onOneShot(background.answer);
onBridgeMessage(background.attachBridge);
onWindowClosed((windowId) => {
  background.windowClosed(windowId).catch(fail('a window closed'));
});
wakeAtBrowserStart();
keepStorageToExtension().catch(fail('storage'));
background.start().catch(fail('start'));
