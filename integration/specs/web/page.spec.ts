import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { artefactFolder, Eyes } from '../../src/web/eyes.ts';
import { WebUnderTest } from '../../src/web/web-under-test.ts';

const languages = ['en', 'de', 'es', 'fa', 'fr', 'ru'] as const;
const themes = ['light', 'dark'] as const;
const widths = { phone: 360, tablet: 820, wide: 1440 } as const;
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

/** A visit that fails when the page loads anything from elsewhere, or the browser complains of it. */
async function visit(url: string, options: BrowserContextOptions, look: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    viewport: { width: widths.wide, height: 900 },
    ...options,
  });
  try {
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== new URL(url).origin) complaints.push(`request to ${request.url()}`);
    });
    await page.goto(url);
    await look(page);
    expect(complaints).toEqual([]);
  } finally {
    await context.close();
  }
}

/** Everything that axe-core finds wrong, by rule and place. */
async function barriers(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  return await page.evaluate(
    'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`))',
  );
}

async function isTooWide(page: Page): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth > innerWidth');
}

async function screenshot(page: Page, name: string): Promise<string> {
  await page.screenshot({ path: join(artefactFolder, `${name}.png`), fullPage: true });
  return `${name}.png`;
}

describe.each(languages)('the page in %s', (locale) => {
  it('is whole, without barriers, and its code can be read: in both themes at three widths', async () => {
    await using web = await WebUnderTest.start();
    const pictures: string[] = [];
    for (const colorScheme of themes) {
      for (const [size, width] of Object.entries(widths)) {
        await visit(`${web.origin}/`, { locale, colorScheme, viewport: { width, height: 900 } }, async (page) => {
          expect(await page.getAttribute('html', 'lang')).toBe(locale);
          expect(await isTooWide(page)).toBe(false);
          expect(await page.getAttribute('a.button', 'href')).toBe(link);
          pictures.push(await screenshot(page, `page-${locale}-${colorScheme}-${size}`));
          expect(await barriers(page)).toEqual([]);
        });
      }
    }
    expect(await eyes.read(pictures)).toEqual(pictures.map(() => link));
  });

  it('and its privacy policy are whole and without barriers, on a phone and wide', async () => {
    await using web = await WebUnderTest.start();
    for (const [size, width] of [
      ['phone', widths.phone],
      ['wide', widths.wide],
    ] as const) {
      await visit(`${web.origin}/privacy`, { locale, viewport: { width, height: 900 } }, async (page) => {
        expect(await isTooWide(page)).toBe(false);
        await screenshot(page, `privacy-${locale}-${size}`);
        expect(await barriers(page)).toEqual([]);
      });
    }
  });
});

describe('without JavaScript', () => {
  it('nothing is missing', async () => {
    await using web = await WebUnderTest.start();
    await visit(`${web.origin}/`, { javaScriptEnabled: false }, async (page) => {
      const picture = await screenshot(page, 'page-no-javascript');
      expect(await eyes.read([picture])).toEqual([link]);
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
    await using web = await WebUnderTest.start();
    await visit(`${web.origin}/`, {}, async (page) => {
      const reached: string[] = [];
      const count = await page.locator('a[href], button').count();
      for (let press = 0; press < count; press += 1) {
        await page.keyboard.press('Tab');
        reached.push(await page.evaluate('document.activeElement.getAttribute("href")'));
        expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
      }
      expect(reached.slice(0, 2)).toEqual([link, '#app']);
      expect(new Set(reached).size).toBe(count);
      await screenshot(page, 'page-keyboard');
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
    await using web = await WebUnderTest.start({ state });
    await visit(`${web.origin}${path}`, { locale, viewport: { width: widths.tablet, height: 900 } }, async (page) => {
      const picture = await screenshot(page, `state-${name.replaceAll(/[ ,]+/g, '-')}`);
      expect(await page.textContent('.state')).toBe(words);
      expect(await page.locator('.button').count()).toBe(0);
      expect(await barriers(page)).toEqual([]);
      expect(await eyes.read([picture])).toEqual(['-']);
    });
  });

  it('is by invitation, who has one gets the code', async () => {
    await using web = await WebUnderTest.start({ state: 'invite' });
    await visit(`${web.origin}/?token=k7mQ3rTz9`, { viewport: { width: widths.phone, height: 900 } }, async (page) => {
      const invited = 'DCACCOUNT:https://chat.example.org/new?token=k7mQ3rTz9';
      const picture = await screenshot(page, 'state-invited');
      expect(await page.getAttribute('a.button', 'href')).toBe(invited);
      expect(await barriers(page)).toEqual([]);
      expect(await eyes.read([picture])).toEqual([invited]);
    });
  });

  it('is at a trial relay, code and button are one account, and the invited get theirs at a press', async () => {
    const settings = { domain: '[192.0.2.1]' };
    await using open = await WebUnderTest.start({ settings });
    await visit(`${open.origin}/`, {}, async (page) => {
      const picture = await screenshot(page, 'state-trial');
      const href = await page.getAttribute('a.button', 'href');
      expect(href).toMatch(/^dclogin:[a-z3-9]{9}@\[192\.0\.2\.1\]\?/);
      expect(await eyes.read([picture])).toEqual([href]);
    });
    await using byInvite = await WebUnderTest.start({ settings, state: 'invite' });
    await visit(`${byInvite.origin}/?token=k7mQ`, {}, async (page) => {
      await page.keyboard.press('Tab');
      await Promise.all([page.waitForURL(/redeem/), page.keyboard.press('Enter')]);
      expect(await page.getAttribute('a.button', 'href')).toMatch(/^dclogin:/);
      expect(await barriers(page)).toEqual([]);
      await screenshot(page, 'state-redeemed');
    });
  });
});
