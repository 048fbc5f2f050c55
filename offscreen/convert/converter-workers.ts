import * as v from 'valibot';
import { Count } from '../../src/protocol/scalars.ts';
import type { ToConverter } from './messages.ts';

/**
 * Converters are workers of the page that the model's worker belongs to, and the two talk over a message port of their own.
 * Firefox stops for good, now and then, in a worker that starts another one while others of its own start, end or speak;
 * a page that starts workers does not.
 */

/** What the model's worker asks the page for. */
export const ConverterAsk = v.variant('kind', [
  v.strictObject({ kind: v.literal('converter'), converter: Count, port: v.instance(MessagePort) }),
  v.strictObject({ kind: v.literal('converter-end'), converter: Count }),
]);
export type ConverterAsk = v.InferOutput<typeof ConverterAsk>;

/** What the page says of one that stopped by itself. */
export const ConverterBroke = v.strictObject({ kind: v.literal('converter-broke'), converter: Count });
export type ConverterBroke = v.InferOutput<typeof ConverterBroke>;

/** A converter as the model's worker has it. */
export interface ConverterWorker {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  /** Called when it stopped by itself. */
  onbroke: (() => void) | null;
  postMessage(message: ToConverter): void;
  terminate(): void;
}

/** The end of the model's worker. */
export function createConverterSpawner(post: (ask: ConverterAsk, transfer: Transferable[]) => void) {
  const spawned = new Map<number, ConverterWorker>();
  let last = 0;
  return {
    spawn(): ConverterWorker {
      last += 1;
      const converter = last;
      const { port1, port2 } = new MessageChannel();
      const worker: ConverterWorker = {
        onmessage: null,
        onbroke: null,
        postMessage: (message) => port1.postMessage(message),
        terminate() {
          if (!spawned.delete(converter)) return;
          port1.close();
          post({ kind: 'converter-end', converter }, []);
        },
      };
      port1.onmessage = (event) => worker.onmessage?.(event);
      spawned.set(converter, worker);
      post({ kind: 'converter', converter, port: port2 }, [port2]);
      return worker;
    },
    /** Takes what the page says. */
    receive: ({ converter }: ConverterBroke) => spawned.get(converter)?.onbroke?.(),
  };
}

const startWorker = () => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'converter' });

/** The page's end, for one model's worker, which `tell` reaches. */
export function createConverterHost(tell: (message: ConverterBroke) => void, start: () => Worker = startWorker) {
  const workers = new Map<number, Worker>();
  const end = (converter: number): void => {
    workers.get(converter)?.terminate();
    workers.delete(converter);
  };
  return {
    receive(ask: ConverterAsk): void {
      const { converter } = ask;
      end(converter);
      if (ask.kind === 'converter-end') return;
      const worker = start();
      workers.set(converter, worker);
      worker.onerror = (event) => {
        event.preventDefault();
        end(converter);
        tell({ kind: 'converter-broke', converter });
      };
      worker.postMessage(ask.port, [ask.port]);
    },
    /** Ends all: nobody else would when the model's worker is gone. */
    end(): void {
      for (const converter of [...workers.keys()]) end(converter);
    },
  };
}
