import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Eyes } from '../../src/web/eyes.ts';
import { visit, widths } from '../../src/web/visit.ts';
import { WebUnderTest } from '../../src/web/web-under-test.ts';

const link = 'DCACCOUNT:chat.example.org';

/** What the tests share, of which nothing may be there if it could not be started. */
const opened = new AsyncDisposableStack();
let eyes: Eyes;
let browser: Browser;
let web: WebUnderTest;

beforeAll(async () => {
  eyes = opened.use(await Eyes.start('pages'));
  browser = await eyes.browser();
  opened.defer(() => browser.close());
  web = opened.use(await WebUnderTest.start({ host: eyes.host }));
});

afterAll(() => opened.disposeAsync());

/*
 * Whether a page fits depends on its language and the width; whether it has barriers, on its language and the theme, and
 * little on the width, so each theme has one; what its code looks like, on theme and width, and each language has one of
 * each. More would look at the same things again, and a look takes a fifth of a second.
 */
const judged = [
  ['light', 'phone'],
  ['dark', 'wide'],
] as const;

describe.each([
  ['en', 'light', 'phone'],
  ['de', 'light', 'tablet'],
  ['es', 'light', 'wide'],
  ['fa', 'dark', 'phone'],
  ['fr', 'dark', 'tablet'],
  ['ru', 'dark', 'wide'],
] as const)('the page in %s', (locale, theme, size) => {
  it(`is whole at every width, without barriers in either theme, and its code can be read: ${theme}, ${size}`, async () => {
    await visit(browser, `${web.origin}/`, { locale }, async ({ page, fits, picture, barriers, turn }) => {
      expect(await page.getAttribute('html', 'lang')).toBe(locale);
      expect(await page.getAttribute('a.button', 'href')).toBe(link);
      for (const width of Object.values(widths)) expect(await fits(width)).toBe(true);
      for (const [colorScheme, width] of judged) {
        await turn(colorScheme, widths[width]);
        expect(await barriers()).toEqual([]);
      }
      await turn(theme, widths[size]);
      expect(await eyes.read([await picture(`page-${locale}-${theme}-${size}`)])).toEqual([link]);
    });
  });

  it('and its privacy policy are whole and without barriers, on a phone and wide, light and dark', async () => {
    await visit(browser, `${web.origin}/privacy`, { locale }, async ({ fits, barriers, turn }) => {
      for (const [colorScheme, width] of judged) {
        await turn(colorScheme, widths[width]);
        expect(await fits(widths[width])).toBe(true);
        expect(await barriers()).toEqual([]);
      }
    });
  });
});

describe('without JavaScript', () => {
  it('nothing is missing', async () => {
    await visit(browser, `${web.origin}/`, { javaScriptEnabled: false }, async ({ page, picture }) => {
      const shown = await picture('page-no-javascript');
      expect(await eyes.read([shown])).toEqual([link]);
      await page.click('text=Deutsch');
      expect(await page.textContent('h1')).toBe('Komm rein und schreib los.');
      await page.click('text=Datenschutz');
      expect(await page.textContent('h1')).toBe('Datenschutz');
      await page.click('text=Zurück zur Einladung');
      expect(await page.textContent('h1')).toBe('Komm rein und schreib los.');
    });
  });
});

describe('with the keyboard alone', () => {
  it('everything can be reached, from the button on, and is seen to be', async () => {
    await visit(browser, `${web.origin}/`, {}, async ({ page, picture }) => {
      const reached: string[] = [];
      const count = await page.locator('a[href], button').count();
      for (let press = 0; press < count; press += 1) {
        await page.keyboard.press('Tab');
        reached.push(await page.evaluate('document.activeElement.getAttribute("href")'));
        expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
      }
      expect(reached.slice(0, 2)).toEqual([link, '#app']);
      expect(new Set(reached).size).toBe(count);
      await picture('page-keyboard');
    });
  });
});

describe('when sign-up', () => {
  it.each([
    ['is closed', 'closed', '/', 'en', 'Sign-up is closed'],
    ['is closed, in Persian', 'closed', '/', 'fa', 'ثبت‌نام بسته است'],
    ['is by invitation', 'invite', '/', 'en', 'By invitation'],
    ['is by invitation, in German', 'invite', '/', 'de', 'Nur mit Einladung'],
  ] as const)('%s, the page says so and shows no code', async (name, state, path, locale, words) => {
    await using stateful = await WebUnderTest.start({ host: eyes.host, state });
    await visit(
      browser,
      `${stateful.origin}${path}`,
      { locale, viewport: { width: widths.tablet, height: 900 } },
      async ({ page, picture, barriers }) => {
        const shown = await picture(`state-${name.replaceAll(/[ ,]+/g, '-')}`);
        expect(await page.textContent('.state')).toBe(words);
        expect(await page.locator('.button').count()).toBe(0);
        expect(await barriers()).toEqual([]);
        expect(await eyes.read([shown])).toEqual(['-']);
      },
    );
  });

  it('is by invitation, who has one gets the code', async () => {
    await using stateful = await WebUnderTest.start({ host: eyes.host, state: 'invite' });
    await visit(
      browser,
      `${stateful.origin}/?token=k7mQ3rTz9`,
      { viewport: { width: widths.phone, height: 900 } },
      async ({ page, picture, barriers }) => {
        const invited = 'DCACCOUNT:https://chat.example.org/new?token=k7mQ3rTz9';
        const shown = await picture('state-invited');
        expect(await page.getAttribute('a.button', 'href')).toBe(invited);
        expect(await barriers()).toEqual([]);
        expect(await eyes.read([shown])).toEqual([invited]);
      },
    );
  });

  it('is at a trial relay, code and button are one account, and the invited get theirs at a press', async () => {
    const settings = { domain: '[192.0.2.1]' };
    await using open = await WebUnderTest.start({ host: eyes.host, settings });
    await visit(browser, `${open.origin}/`, {}, async ({ page, picture }) => {
      const shown = await picture('state-trial');
      const href = await page.getAttribute('a.button', 'href');
      expect(href).toMatch(/^dclogin:[a-z3-9]{9}@\[192\.0\.2\.1\]\?/);
      expect(await eyes.read([shown])).toEqual([href]);
    });
    await using byInvite = await WebUnderTest.start({ host: eyes.host, settings, state: 'invite' });
    await visit(browser, `${byInvite.origin}/?token=k7mQ`, {}, async ({ page, picture, barriers }) => {
      await page.keyboard.press('Tab');
      await Promise.all([page.waitForURL(/redeem/), page.keyboard.press('Enter')]);
      expect(await page.getAttribute('a.button', 'href')).toMatch(/^dclogin:/);
      expect(await barriers()).toEqual([]);
      await picture('state-redeemed');
    });
  });
});
