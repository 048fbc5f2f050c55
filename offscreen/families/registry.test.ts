import { describe, expect, it } from 'vitest';
import { FAMILIES, familyOf } from './registry.ts';

describe('families', () => {
  it('finds the family of a config', () => {
    expect(familyOf({ model_type: 'llama', hidden_size: 1 }).modelTypes).toContain('llama');
  });

  it('refuses what it does not know', () => {
    expect(() => familyOf({ model_type: 'mystery' })).toThrow(expect.objectContaining({ code: 'model-unsupported' }));
    expect(() => familyOf({})).toThrow(expect.objectContaining({ code: 'model-corrupt' }));
    expect(() => familyOf(null)).toThrow(expect.objectContaining({ code: 'model-corrupt' }));
  });

  it('has one family a type', () => {
    const types = FAMILIES.flatMap(({ modelTypes }) => modelTypes);
    expect(new Set(types).size).toBe(types.length);
  });
});
