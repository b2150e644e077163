import { maxStructuralFieldBytes } from '../limits.ts';

/** A field of the form `value; name=value; …`, such as Content-Type. Everything but the parameter values is lower case. */
export interface ParameterField {
  readonly value: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** RFC 2045 §5.1 `token`, less `%`, `'` and `*`, which RFC 2231 gives another meaning. */
const token = '[!#$&+.^_`{|}~0-9A-Za-z-]+';
const parameter = `;[ \\t]*${token}=(?:${token}|"[^"\\\\]*")`;
const fieldPattern = new RegExp(`^[ \\t]*(${token}(?:/${token})?)((?:${parameter})*);?[ \\t]*$`);
/** A parameter: name, then a token, or a quoted string without escapes (`\` is read differently by every second parser). */
const parameterPattern = new RegExp(`;[ \\t]*(${token})=(?:(${token})|"([^"\\\\]*)")`, 'g');
const printable = /^[\x20-\x7e\t]*$/;

/**
 * Reads a structural field in the one way that no two programs differ on, or gives undefined: no comments, no
 * continuations or charsets (RFC 2231), no encoded words (RFC 2047), no escapes, no duplicates, no space around `=` or `/`.
 */
export function parseParameterField(text: string): ParameterField | undefined {
  if (text.length > maxStructuralFieldBytes || !printable.test(text) || text.includes('=?')) return undefined;
  const field = fieldPattern.exec(text);
  const value = field?.[1];
  const list = field?.[2];
  if (value === undefined || list === undefined) return undefined;
  const parameters = new Map<string, string>();
  parameterPattern.lastIndex = 0;
  for (let match = parameterPattern.exec(list); match !== null; match = parameterPattern.exec(list)) {
    const name = (match[1] ?? '').toLowerCase();
    if (parameters.has(name)) return undefined;
    parameters.set(name, match[2] ?? match[3] ?? '');
  }
  return { value: value.toLowerCase(), parameters };
}

/** Whether every parameter is one of those named. */
export function hasOnlyParameters(field: ParameterField, ...names: readonly string[]): boolean {
  for (const name of field.parameters.keys()) if (!names.includes(name)) return false;
  return true;
}

/** `charset` is absent or says what the bytes are anyway. */
export function hasPlainCharset(field: ParameterField): boolean {
  const charset = field.parameters.get('charset')?.toLowerCase();
  return charset === undefined || charset === 'utf-8' || charset === 'us-ascii';
}

/** RFC 2045 §6.2: the encodings that change nothing. */
export function isPlainTransferEncoding(text: string): boolean {
  return /^[ \t]*(?:7bit|8bit|binary)[ \t]*$/i.test(text);
}
