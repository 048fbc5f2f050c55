/** Says `message` to assistive technology whenever it changes; it is in the page from the start, or it is not heard. */
export function LiveRegion({ message }: { readonly message: string }) {
  return (
    <p class="visually-hidden" role="status" aria-live="polite">
      {message}
    </p>
  );
}
