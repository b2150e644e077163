import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MilterProtocolError } from '../src/errors.ts';
import { encodeFrame, FrameDecoder } from '../src/wire/frames.ts';

const twoFrames = Buffer.from('0000000163000000056861626364', 'hex');

function decodeAll(chunks: readonly Buffer[], maxFrameBytes = 65_537): string[] {
  const decoder = new FrameDecoder(maxFrameBytes);
  return chunks.flatMap((chunk) => [...decoder.decode(chunk)].map((frame) => frame.toString('latin1')));
}

describe('a frame', () => {
  it('has its length, its command and its payload', () => {
    expect(encodeFrame(0x68, Buffer.from('ab'), Buffer.from('cd')).toString('hex')).toBe('000000056861626364');
    expect(decodeAll([twoFrames])).toEqual(['c', 'habcd']);
  });

  it('is the same wherever the stream is cut', () => {
    for (let cut = 0; cut <= twoFrames.length; cut += 1) {
      expect(decodeAll([twoFrames.subarray(0, cut), twoFrames.subarray(cut)])).toEqual(['c', 'habcd']);
    }
    expect(decodeAll([...twoFrames].map((byte) => Buffer.from([byte])))).toEqual(['c', 'habcd']);
  });

  it('comes back as it was encoded, in any pieces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 300 })), { maxLength: 8 }),
        fc.array(fc.nat(400), { maxLength: 12 }),
        (frames, cuts) => {
          const stream = Buffer.concat(frames.map(([code, payload]) => encodeFrame(code, payload)));
          const chunks: Buffer[] = [];
          let rest = stream;
          for (const cut of cuts) {
            chunks.push(rest.subarray(0, cut));
            rest = rest.subarray(cut);
          }
          const decoder = new FrameDecoder(1000);
          const decoded = [...chunks, rest].flatMap((chunk) => [...decoder.decode(chunk)]);
          expect(decoded.map((frame) => frame.toString('hex'))).toEqual(
            frames.map(([code, payload]) => Buffer.from([code, ...payload]).toString('hex')),
          );
          expect(decoder.isMidFrame).toBe(false);
        },
      ),
    );
  });

  it.each([
    ['without a byte', '00000000', 'frame-empty'],
    ['longer than the limit', '0000000b63', 'frame-too-long'],
    ['of 4 GiB', 'ffffffff', 'frame-too-long'],
  ])('%s is refused as soon as its length is there', (_, hex, code) => {
    expect(() => decodeAll([Buffer.from(hex, 'hex')], 10)).toThrow(expect.objectContaining({ code }));
    expect(() =>
      decodeAll(
        [...Buffer.from(hex, 'hex')].map((byte) => Buffer.from([byte])),
        10,
      ),
    ).toThrow(MilterProtocolError);
  });

  it('may be as long as the limit, which may be raised between two frames', () => {
    const decoder = new FrameDecoder(1);
    const frames: number[] = [];
    for (const frame of decoder.decode(twoFrames)) {
      frames.push(frame.length);
      decoder.maxFrameBytes = 5;
    }
    expect(frames).toEqual([1, 5]);
  });

  it('that drips in byte by byte costs no more than its size', () => {
    const decoder = new FrameDecoder(65_537);
    const frame = encodeFrame(0x42, Buffer.alloc(65_535, 0x61));
    const before = process.memoryUsage().arrayBuffers;
    let frames = 0;
    for (const byte of frame) for (const _ of decoder.decode(Buffer.from([byte]))) frames += 1;
    expect(frames).toBe(1);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
  });
});
