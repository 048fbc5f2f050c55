import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { protocolPage } from '../../scripts/docs/protocol-page.ts';
import { ERRORS } from '../../src/protocol/errors.ts';
import { projectTexts } from '../support/repository.ts';

const pages = (await projectTexts()).filter(({ file }) => file.endsWith('.md'));

/** Targets of the links and images of a page that point into the repository, without code blocks. */
function relativeLinks(markdown: string): string[] {
  const prose = markdown.replace(/```[\s\S]*?```/g, '').replace(/`[^`\n]*`/g, '');
  const targets = [...prose.matchAll(/!?\[[^\]]*\]\(([^)\s]+)[^)]*\)|<img[^>]+src="([^"]+)"/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
  return targets.filter((target) => !/^([a-z]+:|#)/.test(target));
}

describe('the documentation', () => {
  it('has a fresh protocol page', async () => {
    expect(await readFile('docs/protocol.md', 'utf8')).toBe(protocolPage());
  });

  it.each(Object.keys(ERRORS))('says what to do about the error %s', async (code) => {
    const documented = pages.filter(({ file }) => file === 'docs/protocol.md' || file === 'docs/page-api.md');
    for (const page of documented) expect(page.text, page.file).toContain(`\`${code}\``);
    expect(documented.map(({ file }) => file)).toContain('docs/protocol.md');
  });

  it.each(pages.map(({ file }) => file))('%s links to things that exist', async (file) => {
    const { text } = pages.find((page) => page.file === file) ?? { text: '' };
    for (const link of relativeLinks(text)) {
      const target = path.join(path.dirname(file), decodeURIComponent(link.split('#')[0] ?? ''));
      await expect(access(target), `${file} links to ${link}`).resolves.toBeUndefined();
    }
  });

  it('describes every command in CONTRIBUTING', async () => {
    const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: Record<string, string> };
    const contributing = await readFile('CONTRIBUTING.md', 'utf8');
    const missing = Object.keys(scripts).filter(
      (name) => !contributing.includes(`npm ${name === 'test' ? 'test' : `run ${name}`}`),
    );
    expect(missing).toEqual([]);
  });
});
