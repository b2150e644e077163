import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { chooseLanguage } from '../../src/web/language-choice.ts';
import { loadLanguages } from '../../src/web/language-files.ts';
import { placeholders, textKeys } from '../../src/web/texts.ts';
import { wordingOf } from '../../src/web/wording.ts';
import { TestFolder } from './web-fixture.ts';

const builtIn = loadLanguages().languages;
const folder = join(import.meta.dirname, '../../src/web/languages');

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function languages(): Parameters<typeof chooseLanguage>[0] {
  const [first, ...rest] = builtIn;
  if (first === undefined) throw new Error('no languages');
  return [first, ...rest];
}

describe('the languages that come with Postern', () => {
  it('are six, English first', () => {
    expect(builtIn.map(({ tag }) => tag)).toEqual(['en', 'de', 'es', 'fa', 'fr', 'ru']);
    expect(loadLanguages().problems).toEqual([]);
  });

  it.each(['en', 'de', 'es', 'fa', 'fr', 'ru'])('%s says everything, with the same values filled in', (tag) => {
    const own = parse(readFileSync(join(folder, `${tag}.toml`), 'utf8'));
    const english = parse(readFileSync(join(folder, 'en.toml'), 'utf8'));
    expect(Object.keys(own).toSorted()).toEqual([...textKeys].toSorted());
    for (const key of textKeys) {
      expect([key, placeholders(textOf(own[key]))]).toEqual([key, placeholders(textOf(english[key]))]);
      expect(textOf(own[key]).trim()).toBe(own[key]);
    }
  });
});

describe("an operator's own file", () => {
  it('adds a language, with English for what it does not say', () => {
    const own = TestFolder.ofTest();
    writeFileSync(own.file('it.toml'), 'language-name = "Italiano"\nheadline = "Entra e scrivi."\n');
    const { languages, problems } = loadLanguages(own.path);
    const italian = languages.find(({ tag }) => tag === 'it');
    expect(italian).toMatchObject({
      name: 'Italiano',
      direction: 'ltr',
      texts: { headline: 'Entra e scrivi.', button: 'Open Delta Chat' },
    });
    expect(problems).toEqual([]);
  });

  it('changes a language, and leaves the rest of it', () => {
    const own = TestFolder.ofTest();
    writeFileSync(own.file('de.toml'), 'headline = "Moin."\n');
    const german = loadLanguages(own.path).languages.find(({ tag }) => tag === 'de');
    expect(german?.texts).toMatchObject({ headline: 'Moin.', button: 'Delta Chat öffnen' });
  });

  it.each([
    ['de.toml', 'headlin = "Moin."', 'headlin is not a text of the page'],
    ['de.toml', 'headline = 5', 'headline is not a text in quotes'],
    ['de.toml', 'headline = "Moin {name}."', 'headline has {name}, which nothing is filled in for'],
    ['de.toml', 'direction = "up"', 'direction is neither "ltr" nor "rtl"'],
    ['deutsch sprache.toml', '', 'is not named by a language tag, like de.toml or pt-BR.toml'],
    ['de.toml', 'headline = "Moin.', 'Invalid TOML document'],
  ])('%s with %s is reported, and the page stays whole', (file, content, reason) => {
    const own = TestFolder.ofTest();
    writeFileSync(own.file(file), content);
    const { languages, problems } = loadLanguages(own.path);
    expect(problems).toEqual([{ file, reason: expect.stringContaining(reason) }]);
    expect(languages).toEqual(builtIn);
  });

  it('may be missing, which is reported', () => {
    expect(loadLanguages('/nonexistent').problems).toHaveLength(1);
  });
});

describe('the language of a visitor', () => {
  it.each([
    ['de', 'de'],
    ['de-AT,en;q=0.8', 'de'],
    ['en;q=0.5, FR', 'fr'],
    ['it, ja;q=0.9, ru;q=0.1', 'ru'],
    ['de;q=0, es', 'es'],
    ['*', 'en'],
    ['', 'en'],
    [';;;,,,q=', 'en'],
    ['x'.repeat(100_000), 'en'],
    [`${'it,'.repeat(1000)}de`, 'en'],
  ])('for %.40s is %s', (acceptLanguage, tag) => {
    expect(chooseLanguage(languages(), { asked: undefined, acceptLanguage }).tag).toBe(tag);
  });

  it('is the one that the address asks for, if there is such a one', () => {
    expect(chooseLanguage(languages(), { asked: 'fa', acceptLanguage: 'de' }).tag).toBe('fa');
    expect(chooseLanguage(languages(), { asked: '<script>', acceptLanguage: 'de' }).tag).toBe('de');
  });
});

describe('amounts', () => {
  it.each([
    ['en', 1, '1 day', 200_000, '200 kB'],
    ['de', 20, '20 Tage', 500_000_000, '500 MB'],
    ['fr', 1, '1 jour', 1_500_000_000, '1,5 Go'],
    ['ru', 21, '21 день', 999, '999 Б'],
    ['ru', 5, '5 дней', 0, '0 Б'],
    ['fa', 20, '۲۰ روز', 500_000_000, '۵۰۰ مگابایت'],
  ])('in %s: %d is %s, %d is %s', (tag, days, daysText, bytes, bytesText) => {
    const wording = wordingOf(chooseLanguage(languages(), { asked: tag, acceptLanguage: '' }));
    expect([wording.days(days), wording.bytes(bytes)].map((text) => text.replace(/\s/g, ' '))).toEqual([
      daysText,
      bytesText,
    ]);
  });
});
