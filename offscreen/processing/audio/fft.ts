/** One pass of a transform: butterflies of `radix` over `count` groups, each for `stride` interleaved transforms. */
interface Stage {
  readonly radix: number;
  readonly count: number;
  readonly stride: number;
  /** exp(-2 pi i p j / (radix * count)) for group p and output j, at [p * radix + j]. */
  readonly cos: Float64Array;
  readonly sin: Float64Array;
  /** exp(-2 pi i j k / radix) at [j * k % radix]. */
  readonly unitCos: Float64Array;
  readonly unitSin: Float64Array;
}

type Planes = [re: Float64Array, im: Float64Array];

/** Transforms complex numbers [size]; the result lies in the arrays that are returned, until the next call. */
export type ComplexFft = (
  re: Float64Array,
  im: Float64Array,
) => { readonly re: Float64Array; readonly im: Float64Array };

/**
 * The discrete Fourier transform of any size, X[k] = sum over n of x[n] exp(-2 pi i n k / size), by mixed radices: the
 * self-sorting form of Stockham (Cochran et al. 1967, "What is the Fast Fourier Transform?"), radix 4 first, other prime factors
 * as they come. Time grows with size times the sum of its prime factors. The input is overwritten.
 */
export function createComplexFft(size: number): ComplexFft {
  const stages = stagesOf(size);
  const [spareRe, spareIm] = [new Float64Array(size), new Float64Array(size)];
  return (re, im) => {
    let [fromRe, fromIm]: Planes = [re, im];
    let [toRe, toIm]: Planes = [spareRe, spareIm];
    for (const stage of stages) {
      if (stage.radix === 4) radix4(stage, fromRe, fromIm, toRe, toIm);
      else anyRadix(stage, fromRe, fromIm, toRe, toIm);
      [fromRe, fromIm, toRe, toIm] = [toRe, toIm, fromRe, fromIm];
    }
    return { re: fromRe, im: fromIm };
  };
}

function stagesOf(size: number): Stage[] {
  const stages: Stage[] = [];
  let stride = 1;
  for (let left = size; left > 1; ) {
    const radix = left % 4 === 0 ? 4 : smallestFactor(left);
    const count = left / radix;
    const [cos, sin] = turns(left, radix * count, (at) => Math.floor(at / radix) * (at % radix));
    const [unitCos, unitSin] = turns(radix, radix, (at) => at);
    stages.push({ radix, count, stride, cos, sin, unitCos, unitSin });
    stride *= radix;
    left = count;
  }
  return stages;
}

function smallestFactor(value: number): number {
  for (let factor = 2; factor * factor <= value; factor += 1) if (value % factor === 0) return factor;
  return value;
}

/** exp(-2 pi i turn / size) for `count` turns. */
function turns(size: number, count: number, turn: (at: number) => number): readonly [Float64Array, Float64Array] {
  const angle = (at: number) => (-2 * Math.PI * (turn(at) % size)) / size;
  return [
    Float64Array.from({ length: count }, (_, at) => Math.cos(angle(at))),
    Float64Array.from({ length: count }, (_, at) => Math.sin(angle(at))),
  ];
}

function radix4(stage: Stage, re: Float64Array, im: Float64Array, toRe: Float64Array, toIm: Float64Array): void {
  const { count, stride, cos, sin } = stage;
  const step = stride * count;
  for (let p = 0; p < count; p += 1) {
    const c1 = cos[4 * p + 1] as number;
    const c2 = cos[4 * p + 2] as number;
    const c3 = cos[4 * p + 3] as number;
    const s1 = sin[4 * p + 1] as number;
    const s2 = sin[4 * p + 2] as number;
    const s3 = sin[4 * p + 3] as number;
    for (let q = 0; q < stride; q += 1) {
      const a = q + stride * p;
      const b = a + step;
      const c = b + step;
      const d = c + step;
      const sumRe = (re[a] as number) + (re[c] as number);
      const sumIm = (im[a] as number) + (im[c] as number);
      const gapRe = (re[a] as number) - (re[c] as number);
      const gapIm = (im[a] as number) - (im[c] as number);
      const otherSumRe = (re[b] as number) + (re[d] as number);
      const otherSumIm = (im[b] as number) + (im[d] as number);
      const otherGapRe = (re[b] as number) - (re[d] as number);
      const otherGapIm = (im[b] as number) - (im[d] as number);
      const out = q + stride * 4 * p;
      toRe[out] = sumRe + otherSumRe;
      toIm[out] = sumIm + otherSumIm;
      const oneRe = gapRe + otherGapIm;
      const oneIm = gapIm - otherGapRe;
      toRe[out + stride] = oneRe * c1 - oneIm * s1;
      toIm[out + stride] = oneRe * s1 + oneIm * c1;
      const twoRe = sumRe - otherSumRe;
      const twoIm = sumIm - otherSumIm;
      toRe[out + 2 * stride] = twoRe * c2 - twoIm * s2;
      toIm[out + 2 * stride] = twoRe * s2 + twoIm * c2;
      const threeRe = gapRe - otherGapIm;
      const threeIm = gapIm + otherGapRe;
      toRe[out + 3 * stride] = threeRe * c3 - threeIm * s3;
      toIm[out + 3 * stride] = threeRe * s3 + threeIm * c3;
    }
  }
}

function anyRadix(stage: Stage, re: Float64Array, im: Float64Array, toRe: Float64Array, toIm: Float64Array): void {
  const { radix, count, stride, cos, sin, unitCos, unitSin } = stage;
  const step = stride * count;
  for (let p = 0; p < count; p += 1) {
    for (let j = 0; j < radix; j += 1) {
      const c = cos[p * radix + j] as number;
      const s = sin[p * radix + j] as number;
      for (let q = 0; q < stride; q += 1) {
        let sumRe = 0;
        let sumIm = 0;
        for (let k = 0, turn = 0, from = q + stride * p; k < radix; k += 1, from += step) {
          const unitC = unitCos[turn] as number;
          const unitS = unitSin[turn] as number;
          sumRe += (re[from] as number) * unitC - (im[from] as number) * unitS;
          sumIm += (re[from] as number) * unitS + (im[from] as number) * unitC;
          turn += j;
          if (turn >= radix) turn -= radix;
        }
        const out = q + stride * (radix * p + j);
        toRe[out] = sumRe * c - sumIm * s;
        toIm[out] = sumRe * s + sumIm * c;
      }
    }
  }
}
