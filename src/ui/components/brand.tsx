/** The product's mark: sites above, meeting in what they share. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <rect width="24" height="24" rx="6.5" />
      <path d="M5.2 8.2 8.7 16 12 10.2 15.3 16l3.5-7.8" />
    </svg>
  );
}

/** Mark and name; `children` follow the name in a quieter tone. */
export function Brand({ children }: { readonly children?: string }) {
  return (
    <p class="brand">
      <Mark />
      <b>webplat</b>
      {children && <span class="brand-context">{children}</span>}
    </p>
  );
}
