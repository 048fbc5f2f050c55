import { bridgeFiles } from '../protocol/bridge/bridge-files.ts';
import type { OpenFilesPort } from '../protocol/files-call.ts';
import { fromMessagePort } from '../shared/port.ts';

/** Opens a port from a page of the extension to the host. Ports carry files as they are, without their bytes. */
export const openFilesPort: OpenFilesPort = async () => {
  const { active } = await navigator.serviceWorker.ready;
  const { port1, port2 } = new MessageChannel();
  active?.postMessage({ method: bridgeFiles.name, params: {} }, [port2]);
  return fromMessagePort(port1);
};
