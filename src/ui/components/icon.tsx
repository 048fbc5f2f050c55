/** Line drawings on a 20 by 20 grid; they accompany words and are never the only carrier of a meaning. */
const PATHS = {
  shield: 'M10 2.5 4 4.8v4.7c0 3.8 2.5 6.6 6 8 3.5-1.4 6-4.2 6-8V4.8L10 2.5Z M7.4 10l1.9 1.9 3.5-3.7',
  model: 'M10 2.8 16.2 6.4v7.2L10 17.2l-6.2-3.6V6.4L10 2.8Z M3.8 6.4 10 10l6.2-3.6 M10 10v7.2',
  pencil: 'M4 16l.8-3.4L13.2 4.2l2.6 2.6L7.4 15.2 4 16Z',
  gauge: 'M3.2 14a7 7 0 1 1 13.6 0 M10 13l3-4.5',
  clock: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14Z M10 6v4l2.7 1.7',
  frame: 'M3 4.5h14v11H3v-11Z M7.5 8.5h6.5v4H7.5v-4Z',
  quote: 'M4 4.5h12v8.5H9.5L6 16v-3H4v-8.5Z',
  warning: 'M10 3.2 17.4 16H2.6L10 3.2Z M10 8.2v3.6 M10 14v.1',
  info: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14Z M10 9.2v4.3 M10 6.5v.1',
  blocked: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14Z M5.2 5.2l9.6 9.6',
  check: 'M4 10.5l4 4 8-9',
  chevron: 'M5 7.5l5 5 5-5',
  stop: 'M4.5 4.5h11v11h-11v-11Z',
  search: 'M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11Z M13 13l4 4',
  globe:
    'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14Z M3 10h14 M10 3c2.2 2 3.2 4.4 3.2 7s-1 5-3.2 7c-2.2-2-3.2-4.4-3.2-7s1-5 3.2-7Z',
} as const;

export type IconName = keyof typeof PATHS;

/** A decorative icon; the text beside it says the same. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
