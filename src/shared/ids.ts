/** 128 bits of the browser's randomness as 32 lower-case hex digits: session tokens, grant ids, prompt ids. */
export function randomToken(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
