import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import * as vector from '../src/index.ts';
import type { Direction, Finding } from '../src/index.ts';
import { base64Lines, encryptedMessage } from '../scripts/message.ts';
import { bodies, bytes, packet, partialPacket, tags } from '../scripts/packets.ts';

// The same source, loaded anew as on a machine without vector instructions.
vi.stubGlobal('WebAssembly', undefined);
vi.resetModules();
const scalar = await import('../src/index.ts');
const { bulkMaxLines } = await import('../src/armor/bulk.ts');
vi.unstubAllGlobals();

const corpus = join(import.meta.dirname, '../corpus');
const files = readdirSync(corpus, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.eml'));

describe('without vector instructions', () => {
  it('no lines are taken in bulk', () => {
    expect(bulkMaxLines).toBe(0);
  });

  it.each<Direction>(['outgoing', 'incoming'])('the whole corpus is found to be the same: %s', (direction) => {
    expect(files.length).toBeGreaterThan(210);
    const isSame = (file: string): boolean => {
      const raw = readFileSync(join(corpus, file));
      const findings = [vector, scalar].map(({ checkMessage }) => JSON.stringify(checkMessage(raw, { direction })));
      return findings[0] === findings[1];
    };
    expect(files.filter((file) => !isSame(file))).toEqual([]);
  });

  it('big messages with a byte changed, cut anywhere, are found to be the same', () => {
    const sizes = fc.integer({ min: 36, max: 6000 });
    const lineLengths = fc.constantFrom(64, 64, 64, 60, 76);
    const places = fc.double({ min: 0, max: 1, noNaN: true });
    const changes = fc.tuple(places, fc.nat(255), fc.boolean());
    const chunks = fc.integer({ min: 1, max: 9000 });
    fc.assert(
      fc.property(sizes, lineLengths, changes, chunks, (size, lineLength, [place, byte, isPartial], chunkBytes) => {
        const data = bodies.seipd2(size);
        const packets = bytes(
          packet(tags.pkesk, bodies.pkesk6Anonymous()),
          isPartial ? partialPacket(tags.seipd, data) : packet(tags.seipd, data),
        );
        const raw = encryptedMessage({ packets, armorData: base64Lines(packets, lineLength) });
        const begin = raw.indexOf('-----BEGIN');
        expect(inChunks(scalar, raw, chunkBytes)).toEqual(inChunks(vector, raw, chunkBytes));
        raw[begin + Math.floor(place * (raw.length - begin - 1))] = byte;
        expect(inChunks(scalar, raw, chunkBytes)).toEqual(inChunks(vector, raw, chunkBytes));
      }),
      { numRuns: 400 },
    );
  });
});

function inChunks({ createMessageStream }: typeof vector, raw: Buffer, chunkBytes: number): Finding {
  const stream = createMessageStream({ direction: 'outgoing' });
  for (let at = 0; at < raw.length; at += chunkBytes) stream.write(raw.subarray(at, at + chunkBytes));
  return stream.end();
}
