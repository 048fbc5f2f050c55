import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { chromium } from 'playwright';
import { ensureBrowser } from './browsers/ensure.ts';

const SIZES = [16, 32, 48, 128] as const;

/**
 * The mark: sites above, meeting in what they share. Below 32 pixels the line is heavier and the frame tighter, or it
 * turns to mist.
 */
function mark(size: number): string {
  const small = size < 32;
  const line = small ? 'M4.2 7.4 8.2 17 12 9.8 15.8 17l4-9.6' : 'M5.2 8.2 8.7 16 12 10.2 15.3 16l3.5-7.8';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="${size}" height="${size}">
    <rect width="24" height="24" rx="${small ? 5 : 6.5}" fill="#0a6657"/>
    <path d="${line}" fill="none" stroke="#fff" stroke-width="${small ? 2.8 : 2.2}"
      stroke-linecap="round" stroke-linejoin="round"/>
  </svg>`;
}

/** Draws `icons/icon-SIZE.png`, the pictures that the manifest names. */
export async function main(): Promise<number> {
  const { path: executablePath } = await ensureBrowser('chromium');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    await mkdir('icons', { recursive: true });
    for (const size of SIZES) {
      const page = await browser.newPage({ viewport: { width: size, height: size } });
      await page.setContent(`<body style="margin:0;line-height:0">${mark(size)}</body>`);
      const png = await page.screenshot({ omitBackground: true });
      await writeFile(path.join('icons', `icon-${size}.png`), png);
    }
  } finally {
    await browser.close();
  }
  return 0;
}
