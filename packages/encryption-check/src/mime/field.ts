import type { CleartextReason } from '../reasons.ts';
import { maxHeaderFieldBytes } from '../limits.ts';

const [tab, lf, cr, space, colon, del] = [0x09, 0x0a, 0x0d, 0x20, 0x3a, 0x7f];

/** What a fold may be: Postfix hands it to a milter as LF and the white space, in a raw message it is CRLF and nothing else. */
export type Folds = 'crlf' | 'crlf-or-lf';

/** The rule that a header field breaks, whatever it is called: RFC 5322 §2.2, with 8-bit values as RFC 6532 allows. */
export function fieldProblem(name: Uint8Array, value: Uint8Array, folds: Folds): CleartextReason | undefined {
  if (name.length + value.length > maxHeaderFieldBytes) return 'header-too-long';
  return isName(name) ? valueProblem(value, folds) : 'header-malformed';
}

function isName(name: Uint8Array): boolean {
  for (let at = 0; at < name.length; at += 1) {
    const byte = name[at] ?? 0;
    if (byte <= space || byte >= del || byte === colon) return false;
  }
  return name.length > 0;
}

function valueProblem(value: Uint8Array, folds: Folds): CleartextReason | undefined {
  let isContinued = false;
  let isBlank = false;
  for (let at = 0; at < value.length; at += 1) {
    const byte = value[at] ?? 0;
    if (byte > space && byte !== del) {
      isBlank = false;
    } else if (byte === cr || byte === lf) {
      const end = byte === cr ? at + 1 : at;
      const next = value[end + 1];
      if (value[end] !== lf || (next !== space && next !== tab)) return 'header-control-character';
      if (byte === lf && folds === 'crlf') return 'header-control-character';
      if (isContinued && isBlank) return 'header-obsolete-folding'; // RFC 5322 §4.2
      isContinued = true;
      isBlank = true;
      at = end;
    } else if (byte !== space && byte !== tab) {
      return 'header-control-character';
    }
  }
  return isContinued && isBlank ? 'header-obsolete-folding' : undefined;
}

/** The bytes of a name or value as a string, byte for character. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** A value without its folds. */
export function unfold(value: string): string {
  return value.includes('\n') ? value.replaceAll(/\r?\n/g, '') : value;
}

/** Whether the value only begins on a continuation line: Python's email package then keeps the line end as a part of it. */
export function isFirstLineBlank(value: string): boolean {
  return /^[ \t]*[\r\n]/.test(value);
}
