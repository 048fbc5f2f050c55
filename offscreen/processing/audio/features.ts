/** A tensor that a graph takes: float32, row-major. */
export interface Features {
  readonly dims: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}
