import type * as v from 'valibot';

/** The parts of a valibot schema that describe it; valibot keeps them as plain properties. */
interface SchemaParts {
  readonly type: string;
  readonly entries?: Readonly<Record<string, SchemaParts>>;
  readonly item?: SchemaParts;
  readonly key?: SchemaParts;
  readonly value?: SchemaParts;
  readonly wrapped?: SchemaParts;
  readonly options?: readonly (SchemaParts | string)[];
  readonly literal?: unknown;
  readonly class?: { readonly name: string };
  readonly pipe?: readonly (SchemaParts & { readonly kind: string; readonly requirement?: unknown })[];
}

/** Writes schemas as lines of text in the notation of TypeScript, with bounds in words and `named` schemas by name. */
export function createSchemaWriter(named: ReadonlyMap<v.GenericSchema, string>) {
  const names = named as unknown as ReadonlyMap<SchemaParts, string>;

  const text = (schema: SchemaParts): string => names.get(schema) ?? unnamed(schema);

  function unnamed(schema: SchemaParts): string {
    const bounds = (schema.pipe ?? []).filter(({ kind }) => kind === 'validation').map(bound);
    const known = bounds.filter((line) => line !== '');
    return known.length > 0 ? `${shape(schema)} (${known.join(', ')})` : shape(schema);
  }

  function shape(schema: SchemaParts): string {
    switch (schema.type) {
      case 'strict_object':
        return objectText(schema.entries ?? {});
      case 'array':
        return `${wrap(text(schema.item ?? UNKNOWN))}[]`;
      case 'record':
        return `{ [name]: ${text(schema.value ?? UNKNOWN)} }`;
      case 'optional':
        return text(schema.wrapped ?? UNKNOWN);
      case 'nullable':
        return `${text(schema.wrapped ?? UNKNOWN)} | null`;
      case 'literal':
        return JSON.stringify(schema.literal);
      case 'picklist':
        return (schema.options ?? []).map((option) => JSON.stringify(option)).join(' | ');
      case 'union':
      case 'variant':
        return (schema.options ?? []).map((option) => text(option as SchemaParts)).join(' | ');
      case 'instance':
        return schema.class?.name ?? 'object';
      case 'blob':
        return 'Blob';
      case 'custom':
        // A check of its own before the schema proper.
        return text(schema.pipe?.find(({ kind, type }) => kind === 'schema' && type !== 'custom') ?? UNKNOWN);
      default:
        return schema.type;
    }
  }

  function objectText(entries: Readonly<Record<string, SchemaParts>>): string {
    const fields = Object.entries(entries).map(
      ([name, field]) => `${name}${field.type === 'optional' ? '?' : ''}: ${text(field)}`,
    );
    return fields.length === 0 ? '{}' : `{ ${fields.join('; ')} }`;
  }

  return {
    /** The schema, by its name where it has one. */
    use: (schema: v.GenericSchema) => text(schema as unknown as SchemaParts),
    /** The schema written out, only its parts by name. */
    define: (schema: v.GenericSchema) => unnamed(schema as unknown as SchemaParts),
  };
}

const UNKNOWN: SchemaParts = { type: 'unknown' };

const wrap = (inner: string): string => (/^[A-Za-z]+$/.test(inner) ? inner : `(${inner})`);

const BOUNDS: Readonly<Record<string, (requirement: string) => string>> = {
  min_value: (value) => `at least ${value}`,
  max_value: (value) => `at most ${value}`,
  gt_value: (value) => `above ${value}`,
  min_length: (value) => `at least ${value} long`,
  max_length: (value) => `at most ${value} long`,
  length: (value) => `exactly ${value} long`,
  integer: () => 'integer',
  safe_integer: () => 'integer',
  regex: (value) => value,
};

function bound({ type, requirement }: { readonly type: string; readonly requirement?: unknown }): string {
  return BOUNDS[type]?.(typeof requirement === 'number' ? requirement.toLocaleString('en') : String(requirement)) ?? '';
}
