import { expect, it } from 'vitest';
import { allow, echoOf, infer } from '../support/page-client.ts';
import { useExtension } from '../support/suite.ts';

const suite = useExtension();

/** What the extensions page lists under an extension. */
interface Listing {
  readonly name: string;
  readonly manifestErrors: readonly unknown[];
  readonly runtimeErrors: readonly unknown[];
  readonly installWarnings?: readonly unknown[];
  readonly incognitoAccess: { readonly isEnabled: boolean };
}

async function listing(): Promise<Listing | undefined> {
  const page = await suite.browser.open('chrome://extensions/');
  const all = await page.evaluate(
    () =>
      new Promise<readonly Listing[]>((resolve) => {
        const { chrome } = globalThis as unknown as {
          chrome: {
            developerPrivate: { getExtensionsInfo(options: object, done: (all: readonly Listing[]) => void): void };
          };
        };
        chrome.developerPrivate.getExtensionsInfo({}, resolve);
      }),
  );
  return all.find(({ name }) => name === 'webplat');
}

it('installs and works without a warning or an error on the extensions page', async () => {
  const page = await suite.visit('a');
  await allow(suite.browser, page);
  expect(await infer(page, echoOf(3))).toMatchObject({ ok: true, value: { text: 'w0 w1 w2' } });
  expect(await listing()).toMatchObject({ manifestErrors: [], runtimeErrors: [], installWarnings: [] });
});

it('cannot be switched on for private windows', async () => {
  expect((await listing())?.incognitoAccess.isEnabled).toBe(false);
});
