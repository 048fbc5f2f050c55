import { type ConverterPort, serveConverter } from './serve.ts';

/** Entry of a worker that makes weights of a model while it is loaded. */
serveConverter(globalThis as unknown as ConverterPort);
