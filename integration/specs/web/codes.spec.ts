import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accountLink, loginLink, qrPng, qrSvg, qrTerminal } from '@postern/invite';
import { posterPdf, posterSvg } from '@postern/invite/poster';
import { posterOf, type WebSettings } from '@postern/relay';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { artefactFolder, Eyes } from '../../src/web/eyes.ts';

const server = { host: '192.0.2.1', security: 'ssl' } as const;
const links = {
  domain: accountLink({ domain: 'chat.example.org' }),
  invitation: accountLink({ url: 'https://chat.example.org/new', token: 'k7mQ3rTz9wXyAbCdEfGh' }),
  login: loginLink({
    address: 'abcdefghj@[192.0.2.1]',
    password: 'k7mq4tuvwxyzabcdefghjkmnpqrs',
    imap: { ...server, port: 993 },
    smtp: { ...server, port: 465 },
    certificateChecks: 'accept-invalid',
  }),
};

/** Making the browser's image takes minutes, the first time. */
const imageDeadlineMs = 600_000;

let eyes: Eyes;

beforeAll(async () => {
  eyes = await Eyes.start();
}, imageDeadlineMs);

afterAll(async () => {
  await eyes[Symbol.asyncDispose]();
});

function keep(name: string, bytes: string | Uint8Array): string {
  writeFileSync(join(artefactFolder, name), bytes);
  return name;
}

describe.each(Object.entries(links))('the code of an invite by %s', (kind, link) => {
  it('reads as SVG, small and large', async () => {
    const svg = keep(`code-${kind}.svg`, qrSvg(link));
    const pictures = [];
    for (const width of [180, 400, 1500]) {
      const picture = `code-${kind}-svg-${width}.png`;
      await eyes.run(`rsvg-convert --width ${width} '${svg}' --output '${picture}'`);
      pictures.push(picture);
    }
    expect(await eyes.read(pictures)).toEqual(pictures.map(() => link));
  });

  it('reads as PNG: as it is, scaled, turned, tilted, blurred, inverted, on grey', async () => {
    const png = keep(`code-${kind}.png`, qrPng(link));
    const treatments = {
      half: '-resize 50%',
      odd: '-resize 137%',
      quarter: '-rotate 90',
      over: '-rotate 180',
      askew: '-background white -rotate 17',
      tilted:
        '-background white -virtual-pixel white -distort Perspective 0,0,20,10,300,0,290,0,300,300,300,300,0,300,0,285',
      blurred: '-blur 0x2',
      inverted: '-negate',
      faint: '-bordercolor white -border 30 +level 35%,65%',
    };
    const pictures = [png];
    for (const [name, treatment] of Object.entries(treatments)) {
      const picture = `code-${kind}-${name}.png`;
      await eyes.run(`convert '${png}' -colorspace Gray -depth 8 ${treatment} '${picture}'`);
      pictures.push(picture);
    }
    expect(await eyes.read(pictures)).toEqual(pictures.map(() => link));
  });

  it.each([
    ['dark', '-bg #101418 -fg #d0d0d0', true],
    ['light', '-bg #fdf6e3 -fg #586e75', true],
    ['without-colours', '-bg black -fg white', false],
  ] as const)('reads from a picture of a %s terminal', async (name, colours, colour) => {
    const text = keep(`code-${kind}-terminal-${name}.txt`, qrTerminal(link, { colour }));
    const picture = `code-${kind}-terminal-${name}.png`;
    // A real terminal on a screen in memory; the picture is taken again until the terminal has drawn itself.
    await eyes.run(
      `rm -f /tmp/display; Xvfb -displayfd 3 -screen 0 1600x1200x24 3>/tmp/display 2>/dev/null & screen=$!
       trap 'kill $terminal $screen' EXIT
       until [ -s /tmp/display ]; do sleep 0.05; done; export DISPLAY=:$(cat /tmp/display)
       LANG=C.UTF-8 xterm -u8 -fa 'DejaVu Sans Mono' -fs 10 ${colours.replaceAll('#', '\\#')} -geometry 120x60 -hold -e cat '${text}' & terminal=$!
       for n in $(seq 100); do xwd -silent -root | convert xwd:- '${picture}' && zbarimg -q -Stest-inverted '${picture}' && break; sleep 0.1; done`,
    );
    expect(await eyes.read([picture])).toEqual([link]);
  });
});

describe('a poster', () => {
  const settings: WebSettings = {
    domain: 'chat.example.org',
    origin: 'https://chat.example.org',
    imap: [],
    smtp: [],
    retention: {},
    operator: {},
  };

  it.each(['en', 'de', 'es', 'fa', 'fr', 'ru'])(
    'in %s reads as PDF and as SVG, also from a picture of the page',
    async (language) => {
      const link = links.invitation;
      const options = posterOf(settings, { link, isForOnePerson: language === 'de' }, language);
      const pdf = keep(`poster-${language}.pdf`, await posterPdf(options));
      const svg = keep(`poster-${language}.svg`, posterSvg(options));
      await eyes.run(`pdftoppm -r 100 -png -singlefile ${pdf} poster-${language}-pdf`);
      await eyes.run(`rsvg-convert --width 827 ${svg} --output poster-${language}-svg.png`);
      await eyes.run(
        `convert poster-${language}-pdf.png -background '#888' -rotate 4 -resize 45% poster-${language}-photo.png`,
      );
      const pictures = ['pdf', 'svg', 'photo'].map((name) => `poster-${language}-${name}.png`);
      expect(await eyes.read(pictures)).toEqual([link, link, link]);
    },
  );

  it('is one A4 page, with title, language, and the link to tap', async () => {
    const { link } = { link: links.domain };
    const pdf = keep('poster-domain.pdf', await posterPdf(posterOf(settings, { link, isForOnePerson: false }, 'fa')));
    const facts = await eyes.run(`pdfinfo ${pdf}; pdfinfo -url ${pdf}; pdfinfo -struct-text ${pdf}`);
    expect(facts).toMatch(/Title: +chat\.example\.org/);
    expect(facts).toMatch(/Pages: +1\n/);
    expect(facts).toContain('(A4)');
    expect(facts).toMatch(/Tagged: +yes/);
    expect(facts).toContain('DCACCOUNT:chat.example.org');
  });

  it('prints the same from both formats', async () => {
    const difference = await eyes.run(
      'compare -metric RMSE -fuzz 20% poster-en-pdf.png poster-en-svg.png /dev/null 2>&1 | sed "s/.*(//; s/).*//"',
    );
    expect(Number(difference)).toBeLessThan(0.1);
  });
});
