import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PageName } from '../ui/preview.ts';
import { axeViolations, overflowing, startUiBrowser, type UiBrowser } from '../ui/ui-browser.ts';

const POPUP = { width: 380, height: 600 };

let browser: UiBrowser;
beforeAll(async () => {
  browser = await startUiBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());

it('stops and revokes the site of the page', async () => {
  await using popup = await browser.open('popup', 'usual', POPUP);
  const { page } = popup;
  await page.getByText('2 running', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Stop https://stories.example.co.uk' }).click();
  await page.getByText('Nothing is running.').waitFor();
  await page.getByRole('button', { name: 'Revoke https://stories.example.co.uk' }).click();
  await page.getByText('May not use models any more').waitFor();
  await page.getByRole('button', { name: 'Manage sites' }).click();
  expect(await popup.sent('openManager')).toHaveLength(1);
  expect(popup.problems).toEqual([]);
});

it('says where it is of no use, and what goes on elsewhere', async () => {
  await using popup = await browser.open('popup', 'unsupported', POPUP);
  await popup.page.getByText('Not available here').waitFor();
  await popup.page.getByText('2 requests running on 1 site').waitFor();
});

it('shows the page first and its frames after it', async () => {
  await using popup = await browser.open('popup', 'frame', POPUP);
  await popup.page.getByText('May use models').waitFor();
  expect(await popup.page.getByRole('heading', { level: 2 }).allTextContents()).toEqual([
    'https://news.example.org',
    'https://assistant.widgets.example inside https://news.example.org',
  ]);
  expect(await overflowing(popup.page)).toEqual([]);
});

it.each([320, 380])('fits into %i pixels with long names', async (width) => {
  await using popup = await browser.open('popup', 'hostile', { ...POPUP, width });
  await popup.page.getByText('May use models').waitFor();
  expect(await overflowing(popup.page)).toEqual([]);
  expect(popup.problems).toEqual([]);
});

it('lets a denied site ask again', async () => {
  await using popup = await browser.open('popup', 'denied', POPUP);
  await popup.page.getByText('You said no').waitFor();
  await popup.page.getByRole('button', { name: 'Let it ask again: https://pushy.example.net' }).click();
  await popup.page.getByText('When you do something on the page').waitFor();
});

it.each([
  ['prompt', 'usual'],
  ['prompt', 'hostile'],
  ['prompt', 'incremental'],
  ['prompt', 'empty'],
  ['popup', 'usual'],
  ['popup', 'unsupported'],
  ['manager', 'usual'],
  ['manager', 'hostile'],
  ['manager', 'empty'],
] as const satisfies readonly (readonly [PageName, string])[])(
  '%s in the state "%s" passes axe',
  async (name, scenario) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await using opened = await browser.open(name, scenario, { colorScheme, width: 700 });
      if (name === 'prompt' && scenario !== 'empty') {
        await opened.page.locator('#allow[aria-disabled=false]').waitFor();
        await opened.page.getByText('Lower the limits').click();
      }
      if (name === 'manager' && scenario !== 'empty') {
        await opened.page.getByRole('button', { name: 'Details of' }).first().click();
      }
      expect(await axeViolations(opened.page), colorScheme).toEqual([]);
    }
  },
);

it('passes axe with the editor open', async () => {
  await using manager = await browser.open('manager', 'local', { width: 700 });
  await manager.page.getByRole('button', { name: 'Details of' }).click();
  await manager.page.getByRole('button', { name: 'Edit limits' }).click();
  expect(await axeViolations(manager.page)).toEqual([]);
});
