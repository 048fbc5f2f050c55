import { serveEngine, type WorkerPort } from './ort/serve.ts';

/** Entry of the worker that holds one model; ending the worker gives back all that the model took. */
serveEngine(globalThis as unknown as WorkerPort);
