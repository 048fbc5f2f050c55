import { describe, expect, it } from 'vitest';
import { createJail } from './jail.ts';
import type { OpenFrame } from './policy-frame.ts';

/**
 * Frames that do as browsers do: a request is failed first and reported a moment later, by the address it had before any
 * redirect. Addresses with `/away` redirect to where the policy does not allow, `/slow` never answers, all others fail.
 */
function makeFrames() {
  const policies: string[] = [];
  const closed: string[] = [];
  const open: OpenFrame = async (policy) => {
    policies.push(policy);
    let report = (_address: string) => {};
    const later = (address: string) => void setTimeout(() => report(address), 1);
    return {
      async fetch(input, init) {
        const url = String(input);
        init?.signal?.throwIfAborted();
        if (url.includes('/slow')) {
          return new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)));
        }
        if (url.startsWith('data:')) later('data');
        else if (url.includes('/away')) later(url.replace(/#.*/, ''));
        throw new TypeError('Failed to fetch');
      },
      onBlocked(listener) {
        report = listener;
      },
      close: () => void closed.push(policy),
    };
  };
  return { open, policies, closed };
}

describe('the jail', () => {
  it.each([
    'https://evil.example/x',
    'https://huggingface.co.evil.example/x',
    'https://huggingface.co:444/x',
    'https://user:pw@huggingface.co/x',
    'http://huggingface.co/x',
    'http://10.0.0.1/x',
    'http://localhost:99/x',
    'ftp://huggingface.co/x',
    'file:///etc/passwd',
  ])('does not fetch %s', async (url) => {
    const jail = createJail(['huggingface.co', '10.0.0.1'], async () => {
      throw new Error('No frame is needed to refuse.');
    });
    await expect(jail.fetch(url, {})).rejects.toMatchObject({ kind: 'refused' });
  });

  it('names what is allowed to the browser, and in plain text only what is on this machine', async () => {
    const { open, policies, closed } = makeFrames();
    const jail = createJail(['a.example', '*.b.example', '127.0.0.1:80', 'hub.localhost:81'], open);
    await expect(jail.fetch('https://a.example/x', {})).rejects.toBeInstanceOf(TypeError);
    jail.allow(['b.example']);
    await expect(jail.fetch('https://a.example/x', {})).rejects.toMatchObject({ kind: 'refused' });
    await expect(jail.fetch('https://b.example/x', {})).rejects.toBeInstanceOf(TypeError);
    expect(policies).toEqual([
      "default-src 'none'; connect-src https://a.example https://*.b.example https://127.0.0.1:80 http://127.0.0.1:80 https://hub.localhost:81 http://hub.localhost:81",
      "default-src 'none'; connect-src https://b.example",
    ]);
    expect(closed).toEqual(policies.slice(0, 1));
  });

  it('allows nothing where the settings name no host', async () => {
    const { open, policies } = makeFrames();
    const jail = createJail(['a.example'], open);
    await expect(jail.fetch('https://a.example/x', {})).rejects.toBeInstanceOf(TypeError);
    jail.allow([]);
    await expect(jail.fetch('https://a.example/x', {})).rejects.toMatchObject({ kind: 'refused' });
    expect(policies).toHaveLength(1);
  });

  it('tells redirects that the browser stopped from connections that failed, side by side', async () => {
    const jail = createJail(['a.example'], makeFrames().open);
    const urls = Array.from({ length: 12 }, (_, n) => `https://a.example/${n % 2 === 0 ? 'away' : 'down'}?${n}#part`);
    // The same address twice, as ranges of one file are.
    urls.push('https://a.example/away', 'https://a.example/away');
    const outcomes = await Promise.all(urls.map((url) => jail.fetch(url, {}).catch((error: unknown) => error)));
    for (const [at, url] of urls.entries()) {
      if (url.includes('/away')) expect(outcomes[at]).toMatchObject({ kind: 'refused' });
      else expect(outcomes[at]).toBeInstanceOf(TypeError);
    }
  });

  it('gives up requests that run when the hosts change, and leaves those of its caller to its caller', async () => {
    const jail = createJail(['a.example'], makeFrames().open);
    const abort = new AbortController();
    const [left, running] = [
      jail.fetch('https://a.example/slow', { signal: abort.signal }),
      jail.fetch('https://a.example/slow', {}),
    ];
    abort.abort('left');
    await expect(left).rejects.toBe('left');
    jail.allow(['a.example', 'b.example']);
    await expect(running).rejects.toMatchObject({ kind: 'broken' });
  });
});
