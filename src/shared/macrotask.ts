/**
 * Lets everything that is already queued (messages, aborts) run first. A message, not a timer: hidden documents throttle
 * timers to one a second.
 */
export function nextMacrotask(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
