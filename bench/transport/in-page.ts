import type { RunRequest } from '../../content/webplat.d.ts';

/** What one path did; milliseconds. */
export interface TransportSamples {
  /** Single round trips, each at the resolution of the page's clock. */
  readonly singles: readonly number[];
  /** Means of ten round trips in a row, which the resolution of the clock does not blur. */
  readonly tens: readonly number[];
  /** Round trips of the large payload. */
  readonly large: readonly number[];
}

/**
 * Runs in the page. Sends a tensor of one element, then one of `largeBytes`, through `window.webplat.run` to the echo and
 * compares what comes back.
 */
export async function measureInPage(options: {
  readonly largeBytes: number;
  readonly rounds: number;
  readonly largeRounds: number;
}): Promise<TransportSamples> {
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

  for (let round = 0; round < 50; round++) await trip(new Uint8Array([round]));
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
  const large: number[] = [];
  let payload = Uint8Array.from({ length: options.largeBytes }, (_, at) => at & 255);
  for (let round = 0; round < options.largeRounds; round++) {
    const start = performance.now();
    payload = await trip(payload);
    large.push(performance.now() - start);
    checked(payload, options.largeBytes, 0);
  }
  return { singles, tens, large };
}
