/** The weights of a model by name, whatever file format holds them. */
export interface Checkpoint {
  has(name: string): boolean;
  /**
   * The tensor `name` as float32, row-major.
   *
   * @throws WebplatError `model-corrupt` when it is missing or does not have `shape`.
   */
  float32(name: string, shape: readonly number[]): Float32Array<ArrayBuffer>;
}
