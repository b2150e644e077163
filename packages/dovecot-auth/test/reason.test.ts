import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reasonText } from '../src/reason.ts';
import { anyText } from './any-text.ts';

describe('a reason', () => {
  it.each([
    ['Too short: at least 9', 'Too short: at least 9'],
    ['one\r\n* OK [ALERT] two', 'one * OK [ALERT] two'],
    ['a\ttab and a \0', 'a tab and a ?'],
    ['déjà vu', 'deja vu'],
    ['nur für dich 🔑', 'nur fur dich ?'],
  ])('%j reads %j', (reason, text) => {
    expect(reasonText(reason)).toBe(text);
  });

  it('is one printable line of at most 200 characters, whatever it was', () => {
    fc.assert(
      fc.property(
        fc.array(anyText).map((texts) => texts.join('')),
        (reason) => {
          expect(reasonText(reason)).toMatch(/^[ -~]{0,200}$/);
        },
      ),
    );
  });
});
