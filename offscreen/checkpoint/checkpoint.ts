/** Where one parameter lies in the files of a checkpoint. */
export interface ParamInfo {
  /** Type as the file names it, e.g. `BF16`. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Name of the file, and the bytes of it. */
  readonly file: string;
  readonly begin: number;
  readonly end: number;
}

/** What parameters a checkpoint has, without their values. */
export interface ParamTable {
  get(name: string): ParamInfo | undefined;
  names(): readonly string[];
}

/** Reads values of parameters piece by piece. */
export interface ParamReader {
  /**
   * Rows `from` to `to` (exclusive) of a parameter, along its first axis, as float32; a parameter of rank 0 or 1 is one
   * column. The elements are in the parameter's own order and belong to the caller.
   *
   * @throws WebplatError `model-corrupt` when the file has fewer bytes, `model-unsupported` for a type that is not read.
   */
  rows(name: string, from: number, to: number): Promise<Float32Array<ArrayBuffer>>;
}
