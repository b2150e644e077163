import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { reply } from '../src/verdicts.ts';
import { decodePacket } from '../src/testing/codec.ts';

const wire = (...parameters: Parameters<typeof reply>): string =>
  Buffer.from(reply(...parameters).payload).toString('latin1');

describe('a reply', () => {
  it.each([
    [
      [523, '5.7.1', 'Encryption Needed: Invalid Unencrypted Mail'],
      '523 5.7.1 Encryption Needed: Invalid Unencrypted Mail\0',
    ],
    [[450, undefined, '4.7.1: Too much mail'], '450 4.7.1: Too much mail\0'],
    [[550, undefined, ''], '550 \0'],
    [[550, '5.7.1', ['a', 'b']], '550-5.7.1 a\r\n550 5.7.1 b\0'],
    [[550, '5.7.1', []], '550 5.7.1 \0'],
    [[421, '4.7.0', '100% busy'], '421 4.7.0 100%% busy\0'],
    [[550, '5.7.1', 'a\r\n250 ok\0é\u{1f600}'], '550 5.7.1 a??250 ok????\0'],
    [[550, undefined, '4.7.1 other class'], '550 5.0.0 4.7.1 other class\0'],
  ] as const)('%j is %j', ([code, enhanced, text], bytes) => {
    expect(wire(code, enhanced, text)).toBe(bytes);
  });

  it.each([
    [250, undefined],
    [399, undefined],
    [600, undefined],
    [Number.NaN, undefined],
    [550.5, undefined],
    [550, '4.7.1'],
    [550, '5.7'],
    [550, '5.7.1 x'],
    [550, '5.7.1000'],
    [450, '2.0.0'],
  ])('with code %d and enhanced code %s is a mistake', (code, enhanced) => {
    expect(() => reply(code, enhanced, 'x')).toThrow(RangeError);
  });

  it('continues a long line on the next, and has 32 lines at most', () => {
    const lines = wire(550, '5.7.1', 'x'.repeat(2000)).slice(0, -1).split('\r\n');
    expect(lines.map((line) => line.length)).toEqual([980, 980, 70]);
    expect(
      wire(
        550,
        '5.7.1',
        Array.from({ length: 33 }, () => 'x'),
      ).split('\r\n'),
    ).toHaveLength(32);
  });

  it('is one that Postfix takes, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(undefined, '5.1.1'),
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(fc.string({ unit: 'binary', maxLength: 50 }), { maxLength: 40 }),
        ),
        (enhanced, text) => {
          const { payload } = reply(550, enhanced, text);
          expect(decodePacket(Buffer.concat([Buffer.from('y'), payload])).kind).toBe('reply');
        },
      ),
      { numRuns: 50 },
    );
  });
});
