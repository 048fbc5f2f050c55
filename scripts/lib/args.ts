import { parseArgs } from 'node:util';

/** A command line that the user wrote wrongly; the message says what is right. */
export class UsageError extends Error {}

/** Options of a command: `flag` is there or not, `text` takes a value. */
export type OptionTypes = Readonly<Record<string, 'flag' | 'text'>>;

type Values<T extends OptionTypes> = {
  readonly [K in keyof T]: T[K] extends 'flag' ? boolean : string | undefined;
};

/** Parses `--name value` options and positional words; throws {@link UsageError} on anything unknown. */
export function readArgs<const T extends OptionTypes>(
  args: readonly string[],
  options: T,
): { values: Values<T>; words: readonly string[] } {
  try {
    const parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: Object.fromEntries(
        Object.entries(options).map(([name, type]) => [
          name,
          { type: type === 'flag' ? 'boolean' : 'string' } as const,
        ]),
      ),
    });
    const values = Object.fromEntries(
      Object.entries(options).map(([name, type]) => [
        name,
        parsed.values[name] ?? (type === 'flag' ? false : undefined),
      ]),
    );
    return { values: values as Values<T>, words: parsed.positionals };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
