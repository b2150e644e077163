import { readFileSync } from 'node:fs';
import { create, type Font } from 'fontkit';
import { InviteError } from '../errors.ts';

export type Weight = 400 | 700;

/** Font files by weight; the first that has a letter draws it. */
export type Fonts = Readonly<Record<Weight, readonly Font[]>>;

// Both under the SIL Open Font License; each file holds one script in one weight.
const notoSans = new URL('files/', import.meta.resolve('@fontsource/noto-sans/LICENSE'));
const vazirmatn = new URL('files/', import.meta.resolve('@fontsource/vazirmatn/LICENSE'));
const notoSansScripts = ['latin', 'latin-ext', 'cyrillic', 'cyrillic-ext', 'greek', 'vietnamese', 'devanagari'];

let builtIn: Fonts | undefined;

/** The fonts that come with the package, and before them a font file of one's own for other scripts. */
export function loadFonts(ownFont?: Uint8Array): Fonts {
  builtIn ??= { 400: builtInFonts(400), 700: builtInFonts(700) };
  if (ownFont === undefined) return builtIn;
  const own = openFont(Buffer.from(ownFont));
  return { 400: [...builtIn[400], own], 700: [...builtIn[700], own] };
}

/** The font that draws a character. @throws InviteError `letter` when none has it. */
export function fontFor(codePoint: number, fonts: readonly Font[]): Font {
  const font = fonts.find((candidate) => candidate.hasGlyphForCodePoint(codePoint));
  if (font !== undefined) return font;
  const letter = String.fromCodePoint(codePoint);
  throw new InviteError(
    'letter',
    `No font here has the letter "${letter}" (U+${codePoint.toString(16).toUpperCase()}).`,
  );
}

function builtInFonts(weight: Weight): readonly Font[] {
  return [
    ...notoSansScripts.map((script) => new URL(`noto-sans-${script}-${weight}-normal.woff`, notoSans)),
    new URL(`vazirmatn-arabic-${weight}-normal.woff`, vazirmatn),
  ].map((file) => openFont(readFileSync(file)));
}

function openFont(bytes: Buffer): Font {
  const font = create(bytes);
  if ('layout' in font) return font;
  throw new InviteError('letter', 'The font file is a collection of fonts; one font is needed.');
}
