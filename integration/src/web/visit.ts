import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { artefactFolder } from './eyes.ts';

/** Widths of a window in CSS pixels; the height does not matter, pages scroll. */
export const widths = { phone: 360, tablet: 820, wide: 1440 } as const;

/** One visit of a page. */
export interface Visit {
  readonly page: Page;
  /** Everything that axe-core finds wrong at this moment, by rule and place. */
  readonly barriers: () => Promise<readonly string[]>;
  /** Makes the window this wide. @returns whether the page fits into it. */
  readonly fits: (width: number) => Promise<boolean>;
  /** Shows the page as it is, without loading it again, in this theme and this wide. */
  readonly turn: (theme: 'light' | 'dark', width: number) => Promise<void>;
  /** Keeps a picture of the whole page. @returns its file name in the artefact folder. */
  readonly picture: (name: string) => Promise<string>;
}

/**
 * Opens a page in a wide window of its own, as somebody who was never there, and closes it when `look` is done.
 *
 * @throws when the page loads anything from elsewhere, or the browser complains of it.
 */
export async function visit(
  browser: Browser,
  url: string,
  options: BrowserContextOptions,
  look: (visit: Visit) => Promise<void>,
): Promise<void> {
  const viewport = { width: widths.wide, height: 900 };
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport, ...options });
  try {
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== new URL(url).origin) complaints.push(`request to ${request.url()}`);
    });
    await page.goto(url);
    const widen = (width: number): Promise<void> => page.setViewportSize({ ...viewport, width });
    await look({
      page,
      barriers: () => barriers(page),
      fits: async (width) => {
        await widen(width);
        return await page.evaluate('document.documentElement.scrollWidth <= innerWidth');
      },
      turn: async (colorScheme, width) => {
        await page.emulateMedia({ colorScheme });
        await widen(width);
      },
      picture: async (name) => {
        // Half the work of a PNG, and more like what a camera makes of a code.
        await page.screenshot({ path: join(artefactFolder, `${name}.jpg`), type: 'jpeg', fullPage: true });
        return `${name}.jpg`;
      },
    });
    if (complaints.length > 0) throw new Error(`the browser complained:\n${complaints.join('\n')}`);
  } finally {
    await context.close();
  }
}

async function barriers(page: Page): Promise<readonly string[]> {
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(axe.source);
  return await page.evaluate(
    'axe.run({ resultTypes: ["violations"] }).then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`))',
  );
}
