import type { RunRequest } from '../../content/webplat.d.ts';

/** What one path did; milliseconds. */
export interface TransportSamples {
  /** Single round trips, each at the resolution of the page's clock. */
  readonly singles: readonly number[];
  /** Means of ten round trips in a row, which the resolution of the clock does not blur. */
  readonly tens: readonly number[];
  /** Round trips of the large payload. */
  readonly large: readonly number[];
  /** As `tens`, of the same message over a bare MessagePort to another process, which does nothing but send it back. */
  readonly bareTens: readonly number[];
}

export interface TransportOptions {
  readonly largeBytes: number;
  readonly warmUp: number;
  readonly rounds: number;
  readonly largeRounds: number;
  /** A document of another site, hence in another process, that sends back what comes over the port it is given. */
  readonly bareEcho: string;
}

/**
 * Runs in the page. Sends a tensor of one element, then one of `largeBytes`, through `window.webplat.run` to the echo and
 * compares what comes back; and, for comparison, a like message over a MessagePort with nothing at its other end.
 */
export async function measureInPage(options: TransportOptions): Promise<TransportSamples> {
  const { webplat } = window;
  if (!webplat) throw new Error('There is no window.webplat.');
  const trip = async (data: Uint8Array<ArrayBuffer>) => {
    const request: RunRequest = {
      model: 'packaged:echo',
      inputs: { x: { dtype: 'uint8', dims: [data.length], data } },
      transfer: true,
    };
    const x = (await webplat.run(request)).outputs.x;
    if (!(x?.data instanceof Uint8Array)) throw new Error('The echo lost the tensor.');
    return x.data as Uint8Array<ArrayBuffer>;
  };
  const checked = (data: Uint8Array, length: number, seed: number) => {
    for (const at of [0, length >> 1, length - 1]) {
      if (data.length !== length || data[at] !== ((at + seed) & 255)) throw new Error('The echo changed the tensor.');
    }
  };

  for (let round = 0; round < options.warmUp; round++) await trip(new Uint8Array([round & 255]));
  const singles: number[] = [];
  const tens: number[] = [];
  for (let round = 0; round < options.rounds; round++) {
    const start = performance.now();
    let last = start;
    for (let step = 0; step < 10; step++) {
      const data = await trip(new Uint8Array([(round + step) & 255]));
      const now = performance.now();
      singles.push(now - last);
      last = now;
      checked(data, 1, round + step);
    }
    tens.push((last - start) / 10);
  }
  const bareTens = await bareTrips();
  const large: number[] = [];
  let payload = Uint8Array.from({ length: options.largeBytes }, (_, at) => at & 255);
  for (let round = 0; round < options.largeRounds; round++) {
    const start = performance.now();
    payload = await trip(payload);
    large.push(performance.now() - start);
    checked(payload, options.largeBytes, 0);
  }
  return { singles, tens, large, bareTens };

  async function bareTrips(): Promise<number[]> {
    const frame = document.createElement('iframe');
    frame.src = options.bareEcho;
    const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
    document.body.append(frame);
    await loaded;
    const { port1, port2 } = new MessageChannel();
    frame.contentWindow?.postMessage('', '*', [port2]);
    const bareTrip = (message: unknown) =>
      new Promise((resolve) => {
        port1.onmessage = ({ data }) => resolve(data);
        port1.postMessage(message);
      });
    const message = () => {
      const x = { dtype: 'uint8', dims: [1], data: new ArrayBuffer(1) };
      return { kind: 'call', id: 1, method: 'run', params: { model: 'packaged:echo', inputs: { x } }, credit: 0 };
    };
    for (let round = 0; round < options.warmUp; round++) await bareTrip(message());
    const times: number[] = [];
    for (let round = 0; round < options.rounds; round++) {
      const start = performance.now();
      for (let step = 0; step < 10; step++) await bareTrip(message());
      times.push((performance.now() - start) / 10);
    }
    frame.remove();
    return times;
  }
}

declare global {
  /** Only in the page of this bench: what {@link measureBetween} is at, or found. */
  var transportSamples: Promise<TransportSamples> | undefined;
}

/** Runs in the page: waits until the bench has detached from the browser, measures, and says that it is done. */
export async function measureBetween(
  measure: typeof measureInPage,
  options: TransportOptions,
): Promise<TransportSamples> {
  await fetch('/start');
  try {
    return await measure(options);
  } finally {
    await fetch('/end');
  }
}
