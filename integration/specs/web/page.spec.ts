import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Eyes } from '../../src/web/eyes.ts';
import { visit, widths } from '../../src/web/visit.ts';
import { WebUnderTest } from '../../src/web/web-under-test.ts';

const languages = ['en', 'de', 'es', 'fa', 'fr', 'ru'] as const;
const themes = ['light', 'dark'] as const;
const link = 'DCACCOUNT:chat.example.org';

/** Making the browser's image takes minutes, the first time. */
const imageDeadlineMs = 600_000;

let eyes: Eyes;
let browser: Browser;

beforeAll(async () => {
  eyes = await Eyes.start();
  browser = await eyes.browser();
}, imageDeadlineMs);

afterAll(async () => {
  await browser.close();
  await eyes[Symbol.asyncDispose]();
});

describe.each(languages)('the page in %s', (locale) => {
  it.each(themes)('is whole, without barriers, and its code can be read: %s, at three widths', async (colorScheme) => {
    await using web = await WebUnderTest.start({ host: eyes.host });
    const pictures: string[] = [];
    await visit(browser, `${web.origin}/`, { locale, colorScheme }, async (seen) => {
      expect(await seen.page.getAttribute('html', 'lang')).toBe(locale);
      expect(await seen.page.getAttribute('a.button', 'href')).toBe(link);
      for (const [size, width] of Object.entries(widths)) {
        expect(await seen.fits(width)).toBe(true);
        pictures.push(await seen.picture(`page-${locale}-${colorScheme}-${size}`));
        expect(await seen.barriers()).toEqual([]);
      }
    });
    expect(await eyes.read(pictures)).toEqual(pictures.map(() => link));
  });

  it('and its privacy policy are whole and without barriers, on a phone and wide', async () => {
    await using web = await WebUnderTest.start({ host: eyes.host });
    await visit(browser, `${web.origin}/privacy`, { locale }, async (seen) => {
      for (const size of ['phone', 'wide'] as const) {
        expect(await seen.fits(widths[size])).toBe(true);
        await seen.picture(`privacy-${locale}-${size}`);
        expect(await seen.barriers()).toEqual([]);
      }
    });
  });
});
