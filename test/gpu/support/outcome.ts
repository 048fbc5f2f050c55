interface Outcome<T> {
  readonly value?: T;
  readonly error?: { readonly code: string; readonly message: string; readonly text: string; readonly data?: unknown };
}

/** What a call of the page gave; fails with the page's own error otherwise. */
export function expectValue<T>(outcome: Outcome<T>): T {
  if (outcome.value === undefined) throw new Error(`${outcome.error?.text} ${JSON.stringify(outcome.error)}`);
  return outcome.value;
}

/** The error a call of the page ended with; fails when there is none. */
export function expectError<T>(outcome: Outcome<T>): NonNullable<Outcome<T>['error']> {
  if (!outcome.error) throw new Error('The call succeeded.');
  return outcome.error;
}
