const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Markup that was made by {@link markup}; nothing else may be put into a page unescaped. */
export class Markup {
  readonly text: string;
  private constructor(text: string) {
    this.text = text;
  }

  /** Markup of our own making: what this project's code or the operator's own file contains, never a visitor's. */
  static trusted(text: string): Markup {
    return new Markup(text);
  }
}

export type Content = string | number | Markup | undefined | readonly Content[];

/** A template whose every value is escaped, unless it is markup itself. */
export function markup(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return Markup.trusted(strings.reduce((all, part, at) => all + render(values[at - 1]) + part));
}

/** Text between tags and in quoted attributes, of HTML and of XML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

function render(value: Content): string {
  if (value === undefined) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value));
  return value.map((part) => render(part)).join('');
}
