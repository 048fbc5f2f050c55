import { serveConverter } from './serve.ts';

/** Entry of a worker that makes weights of a model while it is loaded. All that it is sent is the port of who asks for them. */
globalThis.onmessage = ({ data }: MessageEvent<unknown>) => {
  if (data instanceof MessagePort) serveConverter(data);
};
