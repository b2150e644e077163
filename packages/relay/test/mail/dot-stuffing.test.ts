import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dotStuffed } from '../../src/mail/dot-stuffing.ts';

async function* pieces(text: string, cuts: readonly number[]): AsyncGenerator<Buffer> {
  const borders = [0, ...cuts.map((cut) => cut % (text.length + 1)).toSorted((a, b) => a - b), text.length];
  for (const [at, end] of borders.slice(1).entries()) yield Buffer.from(text.slice(borders[at], end), 'latin1');
}

async function stuffed(text: string, cuts: readonly number[] = []): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of dotStuffed(pieces(text, cuts))) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

describe('dot-stuffing', () => {
  it.each([
    ['a\r\n.\r\nb\r\n', 'a\r\n..\r\nb\r\n'],
    ['.', '..\r\n'],
    ['', ''],
    ['x', 'x\r\n'],
    ['x\r', 'x\r\r\n'],
    ['x\n.\n', 'x\n..\n\r\n'],
  ])('makes %j into %j', async (text, expected) => {
    expect(await stuffed(text)).toBe(expected);
  });

  it('is the same wherever the text was cut', async () => {
    const text = fc
      .array(fc.constantFrom('.', '\r\n', '\n', '\r', 'x'), { maxLength: 30 })
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(), { maxLength: 8 }), async (whole, cuts) => {
        const end = whole === '' || whole.endsWith('\r\n') ? '' : '\r\n';
        const expected = whole.replace(/(^|\n)\./g, '$1..') + end;
        expect(await stuffed(whole, cuts)).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });
});
