import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadLanguages, type FileProblem } from './language-files.ts';
import { contentSecurityPolicy } from './response.ts';
import type { Language } from './texts.ts';

export interface Logo {
  /** Its address, different for different pictures, so that browsers may keep it. */
  readonly url: string;
  readonly path: string;
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** How the pages look and what they say: built in, then changed by the operator's folder. */
export interface Customisation {
  readonly languages: readonly [Language, ...Language[]];
  readonly style: string;
  /** For the content security policy: only these styles apply. */
  readonly styleHash: string;
  readonly logo: Logo;
  readonly problems: readonly FileProblem[];
}

const builtIn = fileURLToPath(new URL('../../src/web/looks/', import.meta.url));
const logoTypes = [
  { name: 'logo.svg', contentType: 'image/svg+xml' },
  { name: 'logo.png', contentType: 'image/png' },
] as const;
/** Together with the page this stays below the 60 KB that a page may weigh. */
const maxLogoBytes = 30_000;
const maxStyleBytes = 10_000;

/**
 * Reads an operator's folder: `de.toml` (texts), `style.css` (colours and whatever else, after the built-in style),
 * `logo.svg` or `logo.png`. What cannot be used is named in `problems`, and the built-in part stands in for it.
 */
export function readCustomisation(folder?: string): Customisation {
  const { languages, problems } = loadLanguages(folder);
  const [first, ...rest] = languages;
  if (first === undefined) throw new Error('no language was found');
  const found: FileProblem[] = [...problems];
  const style = `${readFileSync(join(builtIn, 'style.css'), 'utf8')}${ownStyle(folder, found)}`.replace(
    /\/\*[^]*?\*\//g,
    '',
  );
  return {
    languages: [first, ...rest],
    style,
    styleHash: `sha256-${createHash('sha256').update(style).digest('base64')}`,
    logo: ownLogo(folder, found) ?? builtInLogo(),
    problems: found,
  };
}

/** A picture has no need of anything but itself; as a document of its own it may not do anything either. */
export function logoPolicy(): string {
  return contentSecurityPolicy([]).replace("style-src 'none'", "style-src 'unsafe-inline'");
}

function ownStyle(folder: string | undefined, problems: FileProblem[]): string {
  const file = readOwn(folder, 'style.css', { maxBytes: maxStyleBytes, problems });
  if (file === undefined) return '';
  const text = file.toString('utf8');
  if (!/<\/style/i.test(text)) return `\n${text}`;
  problems.push({ file: 'style.css', reason: 'has "</style" in it, which would end the style' });
  return '';
}

function ownLogo(folder: string | undefined, problems: FileProblem[]): Logo | undefined {
  for (const { name, contentType } of logoTypes) {
    const bytes = readOwn(folder, name, { maxBytes: maxLogoBytes, problems });
    if (bytes !== undefined) return logoOf(name, contentType, bytes);
  }
  return undefined;
}

function builtInLogo(): Logo {
  return logoOf('logo.svg', 'image/svg+xml', readFileSync(join(builtIn, 'logo.svg')));
}

function logoOf(name: string, contentType: string, bytes: Buffer): Logo {
  const version = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  return { path: `/${name}`, url: `/${name}?v=${version}`, contentType, bytes };
}

function readOwn(
  folder: string | undefined,
  name: string,
  { maxBytes, problems }: { readonly maxBytes: number; readonly problems: FileProblem[] },
): Buffer | undefined {
  if (folder === undefined) return undefined;
  try {
    const bytes = readFileSync(join(folder, name));
    if (bytes.length <= maxBytes) return bytes;
    problems.push({ file: name, reason: `has ${bytes.length} bytes; it may have ${maxBytes}` });
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!isMissing) problems.push({ file: name, reason: error instanceof Error ? error.message : String(error) });
  }
  return undefined;
}
