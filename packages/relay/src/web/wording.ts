import { markup, type Content, type Markup } from './markup.ts';
import type { Language, TextKey } from './texts.ts';

/** A language ready to be put into a page. */
export interface Wording {
  readonly language: Language;
  /** A text with its values filled in, each isolated from the text's own direction. */
  readonly say: (key: TextKey, values?: Readonly<Record<string, Content>>) => Markup;
  /** A text for an attribute. */
  readonly plain: (key: TextKey, values?: Readonly<Record<string, string>>) => string;
  readonly days: (count: number) => string;
  readonly bytes: (count: number) => string;
}

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

export function wordingOf(language: Language): Wording {
  const { tag, texts, direction } = language;
  return {
    language,
    say: (key, values = {}) => {
      const parts = texts[key].split(/\{([a-z]+)\}/);
      return markup`${parts.map((part, at) => (at % 2 === 0 ? part : markup`<bdi>${values[part]}</bdi>`))}`;
    },
    plain: (key, values = {}) => texts[key].replace(/\{([a-z]+)\}/g, (_, name: string) => values[name] ?? ''),
    days: (count) => new Intl.NumberFormat(tag, { style: 'unit', unit: 'day', unitDisplay: 'long' }).format(count),
    bytes: (count) => {
      const power = Math.min(units.length - 1, count < 1 ? 0 : Math.floor(Math.log10(count) / 3));
      // Where short names are Latin letters they would be torn from their numbers in right-to-left text.
      const unitDisplay = direction === 'rtl' ? 'long' : 'short';
      const format = { style: 'unit', unit: units[power] ?? 'byte', unitDisplay, maximumSignificantDigits: 3 } as const;
      return new Intl.NumberFormat(tag, format).format(count / 1000 ** power);
    },
  };
}
