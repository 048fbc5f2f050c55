import { quoteText } from '../format/quote.ts';

/** The site's own words, set apart so that nobody takes them for ours. */
export function PromptReason({ reason }: { readonly reason: string }) {
  const words = quoteText(reason);
  if (words === '') return null;
  return (
    <figure class="reason">
      <figcaption>The site’s own words, not checked by webplat</figcaption>
      <blockquote dir="auto">{words}</blockquote>
    </figure>
  );
}
