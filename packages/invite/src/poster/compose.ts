import { qrMatrix, quietZoneModules } from '../matrix.ts';
import { modulePath } from '../qr.ts';
import { stepPictures } from '../step-pictures.ts';
import type { Direction } from './bidi.ts';
import { roundedRectangle, type Drawing, type LinkArea, type Shape } from './drawing.ts';
import { loadFonts } from './fonts.ts';
import { setLine, setParagraph, type Line, type Style } from './lines.ts';

/** What stands on a poster. */
export interface PosterWords {
  readonly languageTag: string;
  readonly direction: Direction;
  readonly headline: string;
  readonly text: string;
  readonly steps: readonly [app: string, scan: string, chat: string];
  /** Before the link in letters. */
  readonly linkLabel: string;
}

export interface PosterOptions {
  /** The relay's name, at the top. */
  readonly name: string;
  /** The invite: what the code says, and what stands below it in letters. */
  readonly link: string;
  readonly words?: PosterWords;
  /** A line below the code, for instance that it is for one person. */
  readonly note?: string;
  readonly accentColor?: string;
  /** A font file (TTF, OTF, WOFF) for letters that Noto Sans and Vazirmatn do not have. */
  readonly font?: Uint8Array;
}

export const englishPosterWords: PosterWords = {
  languageTag: 'en',
  direction: 'ltr',
  headline: 'Come in and chat.',
  text: 'Private messages with the free app Delta Chat. No phone number, no name, no form.',
  steps: ['Get the app Delta Chat: get.delta.chat', 'Scan this code with it', 'Choose a name and say hello'],
  linkLabel: 'The same as a link',
};

// ISO 216 A4 in points (1/72 inch).
const page = { width: 595.28, height: 841.89, margin: 56 };
const ink = '#1c2326';
const quiet = '#545d61';
const hairline = '#d9d2c5';
const codeSide = 330;

/** Composes the poster from top to bottom, everything centred: it reads the same from either side. */
export function composePoster(options: PosterOptions): Drawing {
  const { name, link, words = englishPosterWords, note, accentColor = '#0f6b63' } = options;
  const fonts = loadFonts(options.font);
  const style = (size: number, weight: Style['weight'], direction = words.direction): Style => ({
    size,
    weight,
    direction,
    fonts,
  });
  const shapes: Shape[] = [];
  const links: LinkArea[] = [];
  const inner = page.width - 2 * page.margin;

  function centre(
    lines: readonly Line[],
    at: { readonly x: number; readonly y: number; readonly leading: number; readonly color: string },
  ): number {
    let baseline = at.y;
    for (const line of lines) {
      const left = at.x - line.width / 2;
      for (const glyph of line.glyphs) shapes.push({ kind: 'glyph', glyph, color: at.color, x: left, y: baseline });
      baseline += at.leading;
    }
    return baseline;
  }

  const middle = page.width / 2;
  shapes.push({ kind: 'fill', path: `M0 0H${page.width}V10H0Z`, color: accentColor, x: 0, y: 0, scale: 1 });
  centre([setLine(name, style(fitted(name, style(17, 700, 'ltr'), inner), 700, 'ltr'))], {
    x: middle,
    y: 62,
    leading: 0,
    color: accentColor,
  });
  const headlineSize = fitted(words.headline, style(46, 700), inner);
  centre([setLine(words.headline, style(headlineSize, 700))], { x: middle, y: 122, leading: 0, color: ink });
  centre(setParagraph(unbroken(words.text), inner - 40, style(15, 400)), {
    x: middle,
    y: 156,
    leading: 22,
    color: quiet,
  });

  const frame = { x: middle - codeSide / 2, y: 204 };
  shapes.push({
    kind: 'stroke',
    path: roundedRectangle(codeSide, codeSide, 22),
    color: hairline,
    lineWidth: 1.2,
    scale: 1,
    ...frame,
  });
  const matrix = qrMatrix(link);
  const codeScale = codeSide / (matrix.length + 2 * quietZoneModules);
  shapes.push({ kind: 'fill', path: modulePath(matrix), color: '#000000', scale: codeScale, ...frame });
  links.push({ url: link, ...frame, width: codeSide, height: codeSide });
  if (note !== undefined)
    centre(setParagraph(note, inner, style(13, 400)), { x: middle, y: 556, leading: 18, color: quiet });

  const pictures = [stepPictures.app, stepPictures.scan, stepPictures.chat];
  const columns = words.direction === 'rtl' ? [2, 1, 0] : [0, 1, 2];
  const columnWidth = inner / 3;
  for (const [step, text] of words.steps.entries()) {
    const x = page.margin + columnWidth * ((columns[step] ?? step) + 0.5);
    shapes.push({
      kind: 'stroke',
      path: pictures[step] ?? '',
      color: accentColor,
      lineWidth: 1.6,
      x: x - 20,
      y: 584,
      scale: 40 / 24,
    });
    centre(setParagraph(unbroken(text), columnWidth - 16, style(13.5, 700)), { x, y: 650, leading: 19, color: ink });
  }

  centre([setLine(words.linkLabel, style(11.5, 400))], { x: middle, y: 752, leading: 0, color: quiet });
  const linkSize = fitted(link, style(17, 700, 'ltr'), inner, 10.5);
  const linkLines = setParagraph(link, inner, style(linkSize, 700, 'ltr'));
  const linkTop = 776;
  const linkEnd = centre(linkLines, { x: middle, y: linkTop, leading: linkSize * 1.3, color: ink });
  links.push({ url: link, x: page.margin, y: linkTop - 16, width: inner, height: linkEnd - linkTop + 8 });

  const description = [
    words.headline,
    words.text,
    ...words.steps,
    ...(note === undefined ? [] : [note]),
    `${words.linkLabel}: ${link}`,
  ];
  return { ...page, title: name, description: description.join('\n'), languageTag: words.languageTag, shapes, links };
}

/** The app's name stays on one line. */
function unbroken(text: string): string {
  return text.replaceAll('Delta Chat', 'Delta\u00a0Chat');
}

/** The size at which a line fits, not below the smallest that can be read. */
function fitted(text: string, style: Style, width: number, smallest = 9): number {
  return Math.max(smallest, Math.min(style.size, (style.size * width * 0.999) / setLine(text, style).width));
}
