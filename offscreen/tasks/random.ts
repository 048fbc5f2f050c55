/** Numbers in [0, 1), the same sequence for the same seed. */
export type Random = () => number;

/** Blackman & Vigna's xoshiro128++ (arXiv:1805.01407), its state filled from a 32-bit seed by a splitmix step. */
export function createRandom(seed: number): Random {
  const state = new Uint32Array(4);
  let word = seed >>> 0;
  for (let i = 0; i < 4; i += 1) {
    word = (word + 0x9e37_79b9) >>> 0;
    let mixed = Math.imul(word ^ (word >>> 16), 0x85eb_ca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
    state[i] = mixed ^ (mixed >>> 16);
  }
  return () => next(state) / 2 ** 32;
}

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

function next(state: Uint32Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = state;
  const result = (rotate(a + d, 7) + a) >>> 0;
  const third = c ^ a;
  const fourth = d ^ b;
  state[0] = a ^ fourth;
  state[1] = b ^ third;
  state[2] = third ^ (b << 9);
  state[3] = rotate(fourth, 11);
  return result;
}

/** A seed that nobody can foresee, for requests that name none. */
export function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}
