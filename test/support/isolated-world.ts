import type { Page } from 'playwright';
import type { ExtensionBrowser } from './extension-browser.ts';

/** The extension's isolated world in a page: what code gets that took over the page's whole process. */
export interface IsolatedWorld {
  /** Evaluates an expression there; promises are awaited, values come back by copy. */
  evaluate(expression: string): Promise<unknown>;
}

interface ContextCreated {
  readonly context: {
    readonly id: number;
    readonly origin: string;
    readonly auxData?: { readonly type?: string; readonly isDefault?: boolean };
  };
}

/** Finds the isolated world of the page's main frame. */
export async function isolatedWorld({ context, url }: ExtensionBrowser, page: Page): Promise<IsolatedWorld> {
  const session = await context.newCDPSession(page);
  const origin = url('').replace(/\/$/, '');
  const found = new Promise<number>((resolve) => {
    session.on('Runtime.executionContextCreated', ({ context: world }: ContextCreated) => {
      if (world.auxData?.type === 'isolated' && world.origin === origin) resolve(world.id);
    });
  });
  await session.send('Runtime.enable');
  const contextId = await found;
  return {
    async evaluate(expression) {
      const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
        expression,
        contextId,
        awaitPromise: true,
        returnByValue: true,
        userGesture: true,
      });
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      return result.value as unknown;
    },
  };
}
