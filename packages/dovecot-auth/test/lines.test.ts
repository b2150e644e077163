import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineDecoder } from '../src/lines.ts';
import { anyText } from './any-text.ts';

const decode = (chunks: readonly string[], limit = 100): string[] => {
  const decoder = new LineDecoder(limit);
  return chunks.flatMap((chunk) =>
    [...decoder.push(Buffer.from(chunk, 'latin1'))].map((line) => line.toString('latin1')),
  );
};

describe('a line decoder', () => {
  it('gives every line without its end, also empty ones', () => {
    expect(decode(['one\ntwo\n\nthree'])).toEqual(['one', 'two', '']);
  });

  it('gives the same lines wherever the stream is split', () => {
    const stream = 'VERSION\t1\t2\nCPID\t1\n\nAUTH\t1\tPLAIN\n';
    const whole = decode([stream]);
    for (let at = 0; at <= stream.length; at += 1) {
      expect(decode([stream.slice(0, at), stream.slice(at)])).toEqual(whole);
    }
  });

  it('gives back whatever lines were joined, in whatever pieces they come', () => {
    const line = anyText.map((text) => text.replaceAll('\n', '').slice(0, 50));
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat({ max: 20 })), (lines, sizes) => {
        const stream = Buffer.from(lines.map((text) => `${text}\n`).join(''), 'utf8');
        const decoder = new LineDecoder(1_000);
        const got: string[] = [];
        let at = 0;
        for (const size of [...sizes, stream.length]) {
          got.push(...[...decoder.push(stream.subarray(at, at + size))].map((bytes) => bytes.toString('utf8')));
          at += size;
        }
        expect(got).toEqual(lines);
      }),
    );
  });

  it.each([
    ['in one piece', ['123456789\n']],
    ['in pieces', ['1234', '56789']],
    ['without an end', ['123456789']],
  ])('refuses a line beyond the limit %s', (_, chunks) => {
    expect(() => decode(chunks, 8)).toThrow(expect.objectContaining({ code: 'line-too-long' }));
  });

  it('takes a line of exactly the limit', () => {
    expect(decode(['12345678\n'], 8)).toEqual(['12345678']);
  });
});
