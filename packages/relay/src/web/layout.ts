import type { Customisation } from './customisation.ts';
import { markup, Markup } from './markup.ts';
import type { Language } from './texts.ts';
import type { Wording } from './wording.ts';

export interface LayoutOptions {
  readonly wording: Wording;
  readonly customisation: Customisation;
  /** In the browser's tab. */
  readonly title: string;
  /** Beside the logo. */
  readonly relay: string;
  readonly body: Markup;
  /** This page in another language. */
  readonly hrefIn: (language: Language) => string;
}

/** The frame that every page has: head, logo, the languages at its foot. */
export function layout(options: LayoutOptions): Markup {
  const { wording, customisation, title, relay, body, hrefIn } = options;
  const { language } = wording;
  return markup`<!doctype html>
<html lang="${language.tag}" dir="${language.direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="${customisation.logo.url}">
<style>${Markup.trusted(customisation.style)}</style>
</head>
<body>
<header class="wrap brand"><img src="${customisation.logo.url}" alt="" width="38" height="38"><bdi>${relay}</bdi></header>
${body}
<footer><div class="wrap">
<nav aria-label="${wording.plain('languages')}"><ul>${customisation.languages.map((other) => languageLink(other, language, hrefIn))}</ul></nav>
<p>${wording.say('software')}</p>
</div></footer>
</body>
</html>
`;
}

function languageLink(other: Language, current: Language, hrefIn: (language: Language) => string): Markup {
  const mark = other.tag === current.tag ? Markup.trusted(' aria-current="true"') : undefined;
  return markup`<li><a href="${hrefIn(other)}" lang="${other.tag}" hreflang="${other.tag}" dir="${other.direction}"${mark}>${other.name}</a></li>`;
}
