import type { PlacedGlyph } from './lines.ts';

/** A page as a list of shapes, in points from its upper left corner; what draws it knows no layout. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** All words of the page, for who cannot see it. */
  readonly description: string;
  readonly languageTag: string;
  readonly shapes: readonly Shape[];
  readonly links: readonly LinkArea[];
}

export type Shape =
  | {
      readonly kind: 'fill';
      readonly path: string;
      readonly color: string;
      readonly x: number;
      readonly y: number;
      readonly scale: number;
    }
  | {
      readonly kind: 'stroke';
      readonly path: string;
      readonly color: string;
      readonly x: number;
      readonly y: number;
      readonly scale: number;
      readonly lineWidth: number;
    }
  | {
      readonly kind: 'glyph';
      readonly glyph: PlacedGlyph;
      readonly color: string;
      readonly x: number;
      readonly y: number;
    };

export interface LinkArea {
  readonly url: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A number as both formats take it, without noise. */
export function numberText(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}

/** A rectangle with round corners, as a path. */
export function roundedRectangle(width: number, height: number, radius: number): string {
  const [w, h, r] = [width, height, radius];
  return `M${r} 0H${w - r}A${r} ${r} 0 0 1 ${w} ${r}V${h - r}A${r} ${r} 0 0 1 ${w - r} ${h}H${r}A${r} ${r} 0 0 1 0 ${h - r}V${r}A${r} ${r} 0 0 1 ${r} 0Z`;
}
