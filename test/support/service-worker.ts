import type { ExtensionBrowser } from './extension-browser.ts';

/** Control over the life of the extension's service worker. */
export interface ServiceWorkerControl {
  /** Stops it for real, as the browser does after a while of idleness; settles when it stopped. */
  stop(): Promise<void>;
  /** Settles when it runs (again). */
  running(): Promise<void>;
  dispose(): Promise<void>;
}

interface Version {
  readonly runningStatus: string;
}

/** The protocol offers this to documents of the worker's own origin: a file of the extension that runs no script does. */
export async function controlServiceWorker(browser: ExtensionBrowser): Promise<ServiceWorkerControl> {
  const page = await browser.open(browser.url('manifest.json'));
  const session = await browser.context.newCDPSession(page);
  let status = '';
  let changed = () => {};
  session.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
    const [version] = versions as readonly Version[];
    if (version) status = version.runningStatus;
    changed();
  });
  await session.send('ServiceWorker.enable');

  const becomes = (wanted: string): Promise<void> =>
    new Promise((resolve) => {
      changed = () => {
        if (status === wanted) resolve();
      };
      changed();
    });

  return {
    async stop() {
      await session.send('ServiceWorker.stopAllWorkers');
      await becomes('stopped');
    },
    running: () => becomes('running'),
    dispose: () => page.close(),
  };
}
