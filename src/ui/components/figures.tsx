import type { ComponentChildren } from 'preact';

/** Figures with their names, as a description list. */
export function Figures({ items }: { readonly items: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="figures">
      {items.map(([name, figure]) => (
        <div key={name} class="figure">
          <dt>{name}</dt>
          <dd>{figure}</dd>
        </div>
      ))}
    </dl>
  );
}
