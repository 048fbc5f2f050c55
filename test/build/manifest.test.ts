import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ensureBuild } from '../support/build.ts';

interface Manifest {
  readonly permissions: readonly string[];
  readonly optional_permissions?: readonly string[];
  readonly host_permissions?: readonly string[];
  readonly minimum_chrome_version: string;
  readonly incognito: string;
  readonly content_security_policy: { readonly extension_pages: string };
  readonly content_scripts: readonly {
    readonly world?: string;
    readonly run_at: string;
    readonly js: readonly string[];
  }[];
  readonly web_accessible_resources: readonly {
    readonly resources: readonly string[];
    readonly use_dynamic_url?: boolean;
  }[];
}

describe('the built manifest', () => {
  let manifest: Manifest;
  let folder: string;
  beforeAll(async () => {
    folder = await ensureBuild('dist');
    manifest = JSON.parse(await readFile(path.join(folder, 'manifest.json'), 'utf8')) as Manifest;
  });

  it('asks for the permissions that the documentation explains, and no others', async () => {
    const page = await readFile('docs/permissions.md', 'utf8');
    const explained = [...page.matchAll(/^\| `([a-zA-Z.]+)` \|/gm)].map((match) => match[1] ?? '');
    expect(manifest.permissions).toEqual(['offscreen', 'storage', 'unlimitedStorage', 'activeTab']);
    for (const permission of manifest.permissions) expect(explained).toContain(permission);
    expect(manifest.host_permissions ?? []).toEqual([]);
    expect(manifest.optional_permissions ?? []).toEqual([]);
  });

  it('stays out of private windows', () => {
    expect(manifest.incognito).toBe('not_allowed');
  });

  it('lets scripts come from the package only', () => {
    const policy = manifest.content_security_policy.extension_pages;
    expect(policy).toContain("default-src 'self'");
    expect(policy).toMatch(/script-src 'self' 'wasm-unsafe-eval'(;|$)/);
    // Data may come from elsewhere, code may not; which hosts, the settings say.
    const code = policy.replace(/connect-src[^;]*;/, '');
    expect(code).not.toMatch(/https?:|unsafe-inline|unsafe-eval(?<!wasm-unsafe-eval)/);
  });

  it('opens nothing but the bridge to pages, under an address that changes', () => {
    const open = manifest.web_accessible_resources.filter(({ resources }) => resources.length > 0);
    for (const entry of open) {
      expect(entry.use_dynamic_url).toBe(true);
      for (const resource of entry.resources)
        expect(resource).toMatch(/^content\/bridge\.html$|^assets\/bridge-[\w-]+\.js$/);
    }
  });

  it('starts content scripts before any script of the page, as single files', async () => {
    expect(manifest.content_scripts.map(({ world }) => world ?? 'ISOLATED').sort()).toEqual(['ISOLATED', 'MAIN']);
    for (const { run_at, js } of manifest.content_scripts) {
      expect(run_at).toBe('document_start');
      expect(js).toHaveLength(1);
      const code = await readFile(path.join(folder, js[0] ?? ''), 'utf8');
      expect(code).not.toMatch(/\bimport\s*\(|^\s*import\s/m);
    }
  });
});
