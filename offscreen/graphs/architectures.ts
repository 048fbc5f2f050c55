import * as v from 'valibot';

const Architectures = v.object({ architectures: v.nullish(v.array(v.string()), []) });

/** Whether config.json says that the checkpoint has a head of this kind: `ForHEAD` at the end of a class's name. */
export function hasHead(config: unknown, head: string): boolean {
  const parsed = v.safeParse(Architectures, config);
  return parsed.success && parsed.output.architectures.some((name) => name.endsWith(`For${head}`));
}
