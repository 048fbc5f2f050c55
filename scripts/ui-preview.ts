import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type Browser, chromium } from 'playwright';
import { buildPreview, type PageName, type Preview, previewUrl, servePreview } from '../test/ui/preview.ts';
import { ensureBrowser } from './browsers/ensure.ts';

interface Shot {
  readonly page: PageName;
  readonly scenario: string;
  readonly width: number;
  readonly height: number;
  /** Take the whole page, not only what the window shows. */
  readonly full?: boolean;
  /** Buttons and disclosures to press first, by a part of their text. */
  readonly press?: readonly string[];
  /** What to choose for an import, which opens its dialog. */
  readonly pick?: 'folder' | 'archive';
}

const PROMPT = { width: 460, height: 720 };
const POPUP = { width: 380, height: 600 };

const SHOTS: readonly Shot[] = [
  ...['usual', 'hostile', 'frame', 'incremental', 'local', 'empty'].map(
    (scenario): Shot => ({ page: 'prompt', scenario, ...PROMPT }),
  ),
  { page: 'prompt', scenario: 'usual', width: 320, height: 560 },
  { page: 'prompt', scenario: 'usual', width: 1400, height: 800 },
  { page: 'prompt', scenario: 'usual', width: 230, height: 360 },
  { page: 'prompt', scenario: 'incremental', width: 480, height: 1250, press: ['Lower the limits'] },
  ...['usual', 'hostile', 'frame', 'local', 'empty', 'unsupported', 'denied'].map(
    (scenario): Shot => ({ page: 'popup', scenario, ...POPUP }),
  ),
  ...['hostile', 'empty'].map(
    (scenario): Shot => ({ page: 'manager', scenario, width: 1200, height: 800, full: true }),
  ),
  ...[320, 700, 1400].map(
    (width): Shot => ({ page: 'manager', scenario: 'usual', width, height: 800, full: true, press: ['Details'] }),
  ),
  ...[320, 1000].map((width): Shot => ({ page: 'manager', scenario: 'disk', width, height: 800, full: true })),
  ...(['folder', 'archive'] as const).flatMap((pick) =>
    [320, 900].map((width): Shot => ({ page: 'manager', scenario: 'disk', width, height: 700, pick })),
  ),
  { page: 'manager', scenario: 'frame', width: 900, height: 900, press: ['Details'] },
  { page: 'manager', scenario: 'local', width: 800, height: 900, press: ['Details', 'Edit limits'] },
  { page: 'manager', scenario: 'usual', width: 640, height: 400, press: ['Revoke all'] },
];

/** A real folder, and any file at all: what an archive says is invented. */
const PICKED = { folder: 'models/storyteller', archive: 'models/storyteller/config.json' } as const;

/** Our colours, and those of a user who chose their own (Windows calls it contrast themes). */
const LOOKS = (['none', 'active'] as const).flatMap((forcedColors) =>
  (['light', 'dark'] as const).map((colorScheme) => ({ forcedColors, colorScheme })),
);
type Look = (typeof LOOKS)[number];

/** Draws the extension's pages with invented data into `test-results/ui`; arguments select files by a part of the name. */
export async function main(parts: readonly string[]): Promise<number> {
  const preview = await buildPreview();
  const folder = path.resolve('test-results/ui');
  await mkdir(folder, { recursive: true });
  const { path: executablePath } = await ensureBrowser('chromium');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    for (const look of LOOKS) {
      for (const shot of SHOTS) {
        const colours = `${look.forcedColors === 'active' ? 'own-' : ''}${look.colorScheme}`;
        const scene = shot.pick ? `${shot.scenario}-${shot.pick}` : shot.scenario;
        const name = `${shot.page}-${scene}-${shot.width}-${colours}.png`;
        if (parts.length > 0 && !parts.some((part) => name.includes(part))) continue;
        await draw(browser, preview, shot, look, path.join(folder, name));
        console.log(path.join(folder, name));
      }
    }
  } finally {
    await browser.close();
  }
  return 0;
}

async function draw(browser: Browser, preview: Preview, shot: Shot, look: Look, file: string) {
  const context = await browser.newContext({
    viewport: { width: shot.width, height: shot.height },
    ...look,
    reducedMotion: 'reduce',
  });
  await servePreview(context, preview);
  const page = await context.newPage();
  page.on('console', (message) => console.log(`  ${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => console.log(`  ${error.stack}`));
  await page.goto(previewUrl(shot.page, shot.scenario));
  if (shot.page === 'prompt' && shot.scenario !== 'empty') {
    await page.locator('#allow[aria-disabled="false"]').waitFor();
  } else {
    await page.locator('h1').waitFor();
  }
  for (const name of shot.press ?? []) await page.locator('button, summary', { hasText: name }).first().click();
  if (shot.pick) {
    await page.setInputFiles(`input[name=import-${shot.pick}]`, PICKED[shot.pick]);
    await page.getByRole('dialog').waitFor();
  }
  await page.screenshot({ path: file, fullPage: shot.full ?? false });
  await context.close();
}
