import type { ParamInfo, ParamReader, ParamTable } from '../../offscreen/checkpoint/checkpoint.ts';

/** Values of a parameter that a checkpoint does not have, row by row. */
export interface MadeParam {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** A parameter of one value. */
export const filled = (shape: readonly number[], value: number): MadeParam => ({
  shape,
  values: new Float32Array(shape.reduce((product, dim) => product * dim, 1)).fill(value),
});

/** Small numbers without a pattern, the same in every run. */
export function scattered(shape: readonly number[], size: number): MadeParam {
  const { values } = filled(shape, 0);
  return { shape, values: Array.from(values, (_, i) => size * Math.sin(12.9898 * (i + 1) ** 2)) };
}

/** A checkpoint with parameters under other names, or with others in their place. */
export function changedParams(
  { table, reader }: { readonly table: ParamTable; readonly reader: ParamReader },
  made: Readonly<Record<string, MadeParam>>,
  rename: (name: string) => string = (name) => name,
): { readonly table: ParamTable; readonly reader: ParamReader } {
  const names = new Map(table.names().map((name) => [rename(name), name]));
  const get = (name: string): ParamInfo | undefined => {
    const shape = made[name]?.shape;
    return shape ? { dtype: 'F32', shape, file: '', begin: 0, end: 0 } : table.get(names.get(name) ?? '');
  };
  return {
    table: { get, names: () => [...new Set([...names.keys(), ...Object.keys(made)])] },
    reader: {
      async rows(name, from, to) {
        const param = made[name];
        if (!param) return reader.rows(names.get(name) ?? '', from, to);
        const stride = param.values.length / (param.shape[0] ?? 1);
        return Float32Array.from({ length: (to - from) * stride }, (_, i) => param.values[from * stride + i] ?? 0);
      },
    },
  };
}
