import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'smol-toml';
import { isTextKey, placeholders, textKeys, type Language, type TextKey, type Texts } from './texts.ts';

// The files lie in the sources only; the same path leads there from src/web and from dist/web.
const builtInFolder = fileURLToPath(new URL('../../src/web/languages', import.meta.url));

/** What is wrong with an operator's file, in words for the operator; the rest of the file is used all the same. */
export interface FileProblem {
  readonly file: string;
  readonly reason: string;
}

export interface LoadedLanguages {
  /** English first, then by tag. */
  readonly languages: readonly Language[];
  readonly problems: readonly FileProblem[];
}

/**
 * The languages of the page: those that come with Postern, changed and added to by the operator's own `TAG.toml`
 * files. A file may have any part of the texts: what it lacks comes from the built-in file, then from English.
 */
export function loadLanguages(folder?: string): LoadedLanguages {
  const problems: FileProblem[] = [];
  const builtIn = readFolder(builtInFolder, problems);
  const own = folder === undefined ? new Map<string, Partial<Texts>>() : readFolder(folder, problems);
  const english = completeTexts({ ...builtIn.get('en'), ...own.get('en') });
  const tags = [...new Set([...builtIn.keys(), ...own.keys()])].filter((tag) => tag !== 'en').toSorted();
  const languages = ['en', ...tags].map((tag) => languageOf(tag, { ...english, ...builtIn.get(tag), ...own.get(tag) }));
  return { languages, problems };
}

function readFolder(folder: string, problems: FileProblem[]): Map<string, Partial<Texts>> {
  const found = new Map<string, Partial<Texts>>();
  for (const name of filesOf(folder, problems)) {
    const tag = canonicalTag(basename(name, '.toml'));
    if (tag === undefined) {
      problems.push({ file: name, reason: 'is not named by a language tag, like de.toml or pt-BR.toml' });
      continue;
    }
    try {
      found.set(tag, checkedTexts(parse(readFileSync(join(folder, name), 'utf8')), { file: name, problems }));
    } catch (error) {
      problems.push({ file: name, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return found;
}

function filesOf(folder: string, problems: FileProblem[]): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.toml'))
      .toSorted();
  } catch (error) {
    problems.push({ file: folder, reason: error instanceof Error ? error.message : String(error) });
    return [];
  }
}

/** Takes the texts that can be used and says why the others cannot. */
function checkedTexts(
  table: object,
  report: { readonly file: string; readonly problems: FileProblem[] },
): Partial<Texts> {
  const texts: Partial<Record<TextKey, string>> = {};
  for (const [key, value] of Object.entries(table)) {
    const reason = problemOf(key, value);
    if (reason !== undefined) report.problems.push({ file: report.file, reason });
    else if (isTextKey(key) && typeof value === 'string') texts[key] = value;
  }
  return texts;
}

/** The values that a text may be filled with, by what English has there. */
const known: Readonly<Partial<Record<TextKey, readonly string[]>>> = {
  about: ['relay'],
  'code-label': ['relay'],
  'keep-large': ['size'],
  'keep-for': ['days'],
  'operator-text': ['operator', 'relay'],
  'privacy-intro': ['relay'],
};

function problemOf(key: string, value: unknown): string | undefined {
  if (!isTextKey(key)) return `${key} is not a text of the page`;
  if (typeof value !== 'string') return `${key} is not a text in quotes`;
  if (key === 'direction' && value !== 'ltr' && value !== 'rtl') return 'direction is neither "ltr" nor "rtl"';
  const allowed = known[key] ?? [];
  const strange = placeholders(value).find((name) => !allowed.includes(name));
  return strange === undefined ? undefined : `${key} has {${strange}}, which nothing is filled in for`;
}

function completeTexts(texts: Partial<Texts>): Texts {
  if (isComplete(texts)) return texts;
  throw new Error(`languages/en.toml lacks ${textKeys.filter((key) => texts[key] === undefined).join(', ')}`);
}

function isComplete(texts: Partial<Texts>): texts is Texts {
  return textKeys.every((key) => texts[key] !== undefined);
}

function languageOf(tag: string, texts: Texts): Language {
  return { tag, name: texts['language-name'], direction: texts.direction === 'rtl' ? 'rtl' : 'ltr', texts };
}

function canonicalTag(text: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(text)[0];
  } catch {
    return undefined;
  }
}
