import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Eyes } from '../../src/web/eyes.ts';
import { visit, widths } from '../../src/web/visit.ts';
import { WebUnderTest } from '../../src/web/web-under-test.ts';

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

describe('without JavaScript', () => {
  it('nothing is missing', async () => {
    await using web = await WebUnderTest.start({ host: eyes.host });
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
    await using web = await WebUnderTest.start({ host: eyes.host });
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
    await using web = await WebUnderTest.start({ host: eyes.host, state });
    await visit(
      browser,
      `${web.origin}${path}`,
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
    await using web = await WebUnderTest.start({ host: eyes.host, state: 'invite' });
    await visit(
      browser,
      `${web.origin}/?token=k7mQ3rTz9`,
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
