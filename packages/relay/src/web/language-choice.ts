import type { Language } from './texts.ts';

/** No browser names more languages; what comes after is not read. */
const maxRanges = 32;

/**
 * The language for a visitor: the one that the address asks for, else the best of `Accept-Language` (RFC 9110 §12.5.4,
 * matched by RFC 4647 §3.4 lookup), else the first.
 */
export function chooseLanguage(
  languages: readonly [Language, ...Language[]],
  wishes: { readonly asked: string | undefined; readonly acceptLanguage: string },
): Language {
  const ranges = [...(wishes.asked === undefined ? [] : [wishes.asked]), ...acceptedRanges(wishes.acceptLanguage)];
  for (const range of ranges) {
    const found = lookUp(languages, range);
    if (found !== undefined) return found;
  }
  return languages[0];
}

function acceptedRanges(header: string): readonly string[] {
  return header
    .slice(0, 1000)
    .split(',', maxRanges)
    .map((part) => {
      const [range = '', ...parameters] = part.split(';').map((piece) => piece.trim());
      const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
      return { range, quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ range, quality }) => range !== '' && quality > 0)
    .toSorted((a, b) => b.quality - a.quality)
    .map(({ range }) => range);
}

/** `de-AT` is served by `de-AT`, then by `de`; `pt` by the first of its kind, `pt-BR`. */
function lookUp(languages: readonly Language[], range: string): Language | undefined {
  const tag = range.toLowerCase();
  const primary = tag.split('-')[0] ?? tag;
  return (
    languages.find((language) => language.tag.toLowerCase() === tag) ??
    languages.find((language) => language.tag.toLowerCase() === primary) ??
    languages.find((language) => language.tag.toLowerCase().split('-')[0] === primary)
  );
}
