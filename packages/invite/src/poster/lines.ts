import type { Font } from 'fontkit';
import { visualRuns, type Direction } from './bidi.ts';
import { fontFor, type Fonts, type Weight } from './fonts.ts';

/** One glyph of a line: its outline in the font's own units (y upwards), and where it stands on the page. */
export interface PlacedGlyph {
  /** The same for every use of a glyph, so that it need be defined once. */
  readonly id: string;
  readonly outline: string;
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export interface Line {
  readonly text: string;
  readonly width: number;
  readonly glyphs: readonly PlacedGlyph[];
}

export interface Style {
  readonly size: number;
  readonly weight: Weight;
  readonly direction: Direction;
  readonly fonts: Fonts;
}

/** Sets one line, its baseline at 0 and its left edge at 0. @throws InviteError `letter` */
export function setLine(text: string, style: Style): Line {
  const glyphs: PlacedGlyph[] = [];
  let x = 0;
  for (const run of visualRuns(text, style.direction)) {
    const pieces = byFont(run.text, style.fonts[style.weight]);
    for (const piece of run.direction === 'rtl' ? pieces.toReversed() : pieces) {
      const { font } = piece;
      const scale = style.size / font.unitsPerEm;
      const laid = font.layout(piece.text, undefined, undefined, undefined, run.direction);
      for (const [at, glyph] of laid.glyphs.entries()) {
        const position = laid.positions[at];
        if (position === undefined) continue;
        const outline = glyph.path.toSVG();
        if (outline !== '') {
          glyphs.push({
            id: `${font.postscriptName}-${glyph.id}`,
            outline,
            x: x + position.xOffset * scale,
            y: -position.yOffset * scale,
            scale,
          });
        }
        x += position.xAdvance * scale;
      }
    }
  }
  return { text, width: x, glyphs };
}

/**
 * Breaks a text at its spaces, or within a word that alone is too wide (a link), into lines of at most this width: as
 * few as possible, and then as even as possible.
 */
export function setParagraph(text: string, width: number, style: Style): readonly Line[] {
  const lines = filledLines(text, width, style);
  let tooNarrow = 0;
  let wideEnough = width;
  let best = lines;
  for (let step = 0; step < balancingSteps && lines.length > 1; step += 1) {
    const middle = (tooNarrow + wideEnough) / 2;
    const narrower = filledLines(text, middle, style);
    if (narrower.length > lines.length) tooNarrow = middle;
    else [wideEnough, best] = [middle, narrower];
  }
  return best.map((line) => setLine(line, style));
}

/** Halvings of the width: six come within a hundredth of it. */
const balancingSteps = 6;

function filledLines(text: string, width: number, style: Style): readonly string[] {
  const lines: string[] = [];
  let pending = '';
  for (const word of text.split(/[ \n]+/)) {
    const longer = pending === '' ? word : `${pending} ${word}`;
    if (setLine(longer, style).width <= width) {
      pending = longer;
      continue;
    }
    if (pending !== '') lines.push(pending);
    const pieces = brokenWord(word, width, style);
    lines.push(...pieces.slice(0, -1));
    pending = pieces.at(-1) ?? '';
  }
  return pending === '' ? lines : [...lines, pending];
}

function brokenWord(word: string, width: number, style: Style): readonly string[] {
  const pieces: string[] = [];
  let piece = '';
  for (const letter of word) {
    if (piece !== '' && setLine(piece + letter, style).width > width) {
      pieces.push(piece);
      piece = '';
    }
    piece += letter;
  }
  return [...pieces, piece];
}

/** Neighbouring characters that one font draws; spaces and joiners stay with what stands before them. */
function byFont(text: string, fonts: readonly Font[]): readonly { readonly text: string; readonly font: Font }[] {
  const pieces: { text: string; font: Font }[] = [];
  for (const letter of text) {
    const last = pieces.at(-1);
    const codePoint = letter.codePointAt(0) ?? 0;
    if (last?.font.hasGlyphForCodePoint(codePoint) === true) last.text += letter;
    else pieces.push({ text: letter, font: fontFor(codePoint, fonts) });
  }
  return pieces;
}
