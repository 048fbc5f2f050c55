import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { middleRow } from '../ui/pixels.ts';
import type { PageName } from '../ui/preview.ts';
import { startUiBrowser, type UiBrowser } from '../ui/ui-browser.ts';

let browser: UiBrowser;
beforeAll(async () => {
  browser = await startUiBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());

describe.each(['light', 'dark'] as const)("with the user's own %s colours", (colorScheme) => {
  const open = (name: PageName, scenario: string) =>
    browser.open(name, scenario, { colorScheme, forcedColors: 'active', width: 700 });

  it.each([
    ['prompt', 'incremental'],
    ['popup', 'usual'],
    ['popup', 'local'],
    ['manager', 'hostile'],
    ['manager', 'empty'],
  ] as const)('%s in the state "%s" has its lines and drawings', async (name, scenario) => {
    await using opened = await open(name, scenario);
    const { page } = opened;
    if (name === 'prompt') await page.getByText('Lower the limits').click();
    if (scenario === 'hostile') await page.getByRole('button', { name: 'Details of' }).first().click();
    expect(await withoutLine(page)).toEqual([]);
    expect(await offPalette(page)).toEqual([]);
  });

  it('shows which dialog is open, and which field is wrong', async () => {
    await using opened = await open('manager', 'local');
    const { page } = opened;
    await page.getByRole('button', { name: 'Details of' }).click();
    await page.getByRole('button', { name: 'Edit limits' }).click();
    expect(await withoutLine(page)).toEqual([]);
    const field = page.getByLabel('How often');
    await field.fill('never');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.locator('[aria-invalid=true]').waitFor();
    expect(await field.evaluate((input) => getComputedStyle(input).borderStyle)).toBe('dashed');
  });

  it('shows how full a meter is, and that it is nearly full', async () => {
    await using plenty = await open('popup', 'usual');
    const row = await middleRow(plenty.page.getByRole('meter'));
    const at = (share: number) => row[Math.floor(row.length * share)];
    expect(at(0.08), 'the filled part').not.toBe(at(0.5));
    expect(at(0.5)).toBe(at(0.9));
    await using little = await open('popup', 'local');
    const full = await middleRow(little.page.getByRole('meter'));
    const colours = new Set(full.slice(Math.floor(full.length * 0.2), Math.floor(full.length * 0.8)));
    expect(colours, 'hatching, not one colour').toContain(at(0.08));
    expect(colours).toContain(at(0.5));
  });

  it.each(['prompt', 'popup', 'manager'] as const)('%s shows where the focus is', async (name) => {
    await using opened = await open(name, 'usual');
    const { page } = opened;
    if (name === 'popup') await page.getByRole('button', { name: 'Stop all' }).waitFor();
    if (name === 'manager') await page.getByRole('heading', { name: 'Settings' }).waitFor();
    const reached = new Set<string>();
    for (;;) {
      await page.keyboard.press('Tab');
      const focus = await page.evaluate(focusRing);
      // After the last stop the focus leaves the page.
      if (focus.name.startsWith('BODY')) break;
      reached.add(focus.name);
      expect(focus).toMatchObject({ style: 'solid', width: '2px' });
      expect(focus.colour, focus.name).not.toBe(focus.ground);
    }
    expect(reached.size).toBeGreaterThan(2);
  });
});

/** Boxes whose edge is missing or has the colour of the ground. */
function withoutLine(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const ground = getComputedStyle(document.documentElement).backgroundColor;
    return [...document.querySelectorAll('.button, .input, .card, .badge, .notice, .grant, .empty, .dialog, meter')]
      .filter((box) => {
        const { borderTopWidth, borderTopStyle, borderTopColor } = getComputedStyle(box);
        return Number.parseFloat(borderTopWidth) < 1 || borderTopStyle === 'none' || borderTopColor === ground;
      })
      .map((box) => `${box.tagName}.${box.className}`);
  });
}

/** Drawings in a colour that is not the user's, or that is the ground's. */
function offPalette(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const probe = document.body.appendChild(document.createElement('p'));
    const colourOf = (name: string) => {
      probe.style.color = name;
      return getComputedStyle(probe).color;
    };
    const palette = ['CanvasText', 'ButtonText', 'GrayText', 'LinkText'].map(colourOf);
    probe.remove();
    return [...document.querySelectorAll('svg.icon path')]
      .filter((path) => !palette.includes(getComputedStyle(path).stroke))
      .map((path) => `${path.parentElement?.parentElement?.className}: ${getComputedStyle(path).stroke}`);
  });
}

/** Runs in the page: the ring around what has the focus. */
function focusRing() {
  const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(document.activeElement ?? document.body);
  const { id, ariaLabel, textContent, tagName } = document.activeElement ?? document.body;
  return {
    name: `${tagName} ${id} ${ariaLabel ?? textContent}`,
    style: outlineStyle,
    width: outlineWidth,
    colour: outlineColor,
    ground: getComputedStyle(document.documentElement).backgroundColor,
  };
}
