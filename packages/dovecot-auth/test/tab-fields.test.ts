import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeField, joinFields, splitFields } from '../src/tab-fields.ts';
import { anyText } from './any-text.ts';

/** Dovecot's own loop, in another hand: str_tabunescape() of src/lib/strescape.c. */
function naiveUnescape(field: string): string {
  let text = '';
  for (let at = 0; at < field.length; at += 1) {
    if (field[at] !== '\x01') {
      text += field[at];
      continue;
    }
    at += 1;
    const meanings: Record<string, string> = { '0': '\0', '1': '\x01', t: '\t', r: '\r', n: '\n' };
    const escaped = field[at] ?? '';
    text += meanings[escaped] ?? escaped;
  }
  return text;
}

describe('tab-escaping', () => {
  it('writes the five special characters as two', () => {
    expect(escapeField('\0\x01\t\r\nplain')).toBe('\x010\x011\x01t\x01r\x01nplain');
  });

  it('reads an unknown escape as the character itself, and a lone one at the end as nothing', () => {
    expect(splitFields('a\x01xb\tc\x01')).toEqual(['axb', 'c']);
  });

  it('gives back whatever was written', () => {
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 1 }), (fields) => {
        const line = joinFields(fields);
        expect(line).not.toMatch(/[\0\r\n]/);
        expect(splitFields(line)).toEqual(fields);
      }),
    );
  });

  it('reads any line as Dovecot does', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('\x01', '\t', '0', '1', 't', 'r', 'n', 'x', 'ä') }), (line) => {
        expect(splitFields(line)).toEqual(line.split('\t').map(naiveUnescape));
      }),
    );
  });
});
