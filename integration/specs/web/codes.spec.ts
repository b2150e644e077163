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

const opened = new AsyncDisposableStack();
let eyes: Eyes;

beforeAll(async () => {
  eyes = opened.use(await Eyes.start('pictures'));
});

afterAll(() => opened.disposeAsync());

function keep(name: string, bytes: string | Uint8Array): string {
  writeFileSync(join(artefactFolder, name), bytes);
  return name;
}

describe.each(Object.entries(links))('the code of an invite by %s', (kind, link) => {
  it('reads as PNG and as small SVG', async () => {
    const [png, svg] = [keep(`code-${kind}.png`, qrPng(link)), keep(`code-${kind}.svg`, qrSvg(link))];
    const small = `code-${kind}-small.png`;
    await eyes.run(`rsvg-convert --width 180 '${svg}' --output '${small}'`);
    expect(await eyes.read([png, small])).toEqual([link, link]);
  });
});

/** What can be read of it can be read of smaller ones: its squares are the smallest. */
describe('the largest code, of an invite by login,', () => {
  const link = links.login;

  it('reads as SVG of any size', async () => {
    const svg = keep('code.svg', qrSvg(link));
    const pictures = [180, 400, 1500].map((width) => `code-svg-${width}.png`);
    await eyes.run(`for w in 180 400 1500; do rsvg-convert --width $w ${svg} --output code-svg-$w.png; done`);
    expect(await eyes.read(pictures)).toEqual(pictures.map(() => link));
  });

  it('reads as PNG: as it is, scaled, turned, tilted, blurred, inverted, on grey', async () => {
    const png = keep('code.png', qrPng(link));
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
    const pictures = Object.keys(treatments).map((name) => `code-${name}.png`);
    const each = Object.entries(treatments).map(([name, how]) => `\\( -clone 0 ${how} -write code-${name}.png \\)`);
    await eyes.run(`convert ${png} -colorspace Gray -depth 8 ${each.join(' ')} null:`);
    expect(await eyes.read([png, ...pictures])).toEqual([png, ...pictures].map(() => link));
  });

  it.each([
    ['dark', '-bg #101418 -fg #d0d0d0', true],
    ['light', '-bg #fdf6e3 -fg #586e75', true],
    ['without-colours', '-bg black -fg white', false],
  ] as const)('reads from a picture of a %s terminal', async (name, colours, colour) => {
    const text = keep(`code-terminal-${name}.txt`, qrTerminal(link, { colour }));
    const picture = `code-terminal-${name}.png`;
    // A real terminal on a screen in memory; the picture is taken again until the terminal has drawn itself.
    await eyes.run(
      `rm -f /tmp/display; Xvfb -displayfd 3 -screen 0 640x640x24 3>/tmp/display 2>/dev/null & screen=$!
       trap 'kill $terminal $screen' EXIT
       until [ -s /tmp/display ]; do sleep 0.05; done; export DISPLAY=:$(cat /tmp/display)
       LANG=C.UTF-8 xterm -u8 -fa 'DejaVu Sans Mono' -fs 10 ${colours.replaceAll('#', '\\#')} -geometry 60x32+0+0 -hold -e cat '${text}' & terminal=$!
       for n in $(seq 200); do xwd -silent -root | convert xwd:- '${picture}' && zbarimg -q -Stest-inverted '${picture}' && break; sleep 0.3; done`,
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

  it('reads as PDF and as SVG in every language, also from a picture of the page', async () => {
    const link = links.invitation;
    const languages = ['en', 'de', 'es', 'fa', 'fr', 'ru'];
    for (const language of languages) {
      const options = posterOf(settings, { link, isForOnePerson: language === 'de' }, language);
      keep(`poster-${language}.pdf`, await posterPdf(options));
      keep(`poster-${language}.svg`, posterSvg(options));
    }
    // A4 at 72 points an inch.
    await eyes.run(
      `for poster in ${languages.map((language) => `poster-${language}`).join(' ')}; do
         pdftoppm -r 72 -png -singlefile $poster.pdf $poster-pdf
         rsvg-convert --width 595 $poster.svg --output $poster-svg.png
       done
       convert poster-de-pdf.png -background '#888' -rotate 4 -resize 65% poster-photo.png`,
    );
    const pictures = languages.flatMap((language) => [`poster-${language}-pdf.png`, `poster-${language}-svg.png`]);
    expect(await eyes.read([...pictures, 'poster-photo.png'])).toEqual([...pictures, ''].map(() => link));
  });

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
