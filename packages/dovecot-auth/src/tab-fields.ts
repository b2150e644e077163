/**
 * Dovecot's tab-escaping: fields are separated by TAB; NUL, SOH, TAB, CR and LF inside one are written as
 * SOH followed by `0`, `1`, `t`, `r` or `n`. SOH before anything else stands for that character itself.
 * Source: dovecot src/lib/strescape.c str_tabescape(), str_tabunescape().
 */
const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '\x010',
  '\x01': '\x011',
  '\t': '\x01t',
  '\r': '\x01r',
  '\n': '\x01n',
};

const UNESCAPES: Readonly<Record<string, string>> = { '0': '\0', '1': '\x01', t: '\t', r: '\r', n: '\n' };

/** One field as it goes on the wire. */
export function escapeField(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are the characters that the escaping is about
  return text.replace(/[\0\x01\t\r\n]/g, (character) => ESCAPES[character] ?? '');
}

/** A line of the wire, without its LF, from its fields. */
export function joinFields(fields: readonly string[]): string {
  return fields.map(escapeField).join('\t');
}

/** The fields of a line. Never fails: every line has at least one field, perhaps an empty one. */
export function splitFields(line: string): string[] {
  return line.split('\t').map(unescapeField);
}

function unescapeField(field: string): string {
  if (!field.includes('\x01')) return field;
  // A lone SOH at the end stands for nothing, as in Dovecot.
  // oxlint-disable-next-line no-control-regex -- SOH is the escape character
  return field.replace(/\x01([^]?)/g, (_, escaped: string) => UNESCAPES[escaped] ?? escaped);
}
