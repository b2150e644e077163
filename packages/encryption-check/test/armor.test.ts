import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bulkLineBytes, bulkMaxLines, checksumLines } from '../src/armor/bulk.ts';
import { createMessageStream } from '../src/index.ts';
import type { Finding } from '../src/index.ts';
import { base64Lines, encryptedMessage } from '../scripts/message.ts';
import type { Changes } from '../scripts/message.ts';
import { bodies, bytes, crc24, newLength, noise, packet, partialPacket, tags } from '../scripts/packets.ts';

function outgoing(changes: Changes, chunkBytes = Number.MAX_SAFE_INTEGER): Finding {
  const raw = encryptedMessage(changes);
  const stream = createMessageStream({ direction: 'outgoing' });
  for (let at = 0; at < raw.length; at += chunkBytes) stream.write(raw.subarray(at, at + chunkBytes));
  return stream.end();
}

const bigPackets = bytes(packet(tags.pkesk, bodies.pkesk6Anonymous()), packet(tags.seipd, bodies.seipd2(200_000)));

describe('the checksum over many lines', () => {
  it('works on this machine, so that the other tests are about it', () => {
    expect(bulkMaxLines).toBeGreaterThan(1000);
  });

  it('equals the naive one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer(), fc.nat(0xff_ffff), (lines, seed, dummy) => {
        const before = noise(dummy % 7, dummy);
        const data = noise(lines * 48, seed);
        const text = Buffer.from(base64Lines(data), 'latin1');
        expect(checksumLines(crc24(before), text)).toBe(crc24(bytes(before, data)));
      }),
    );
  });

  it('equals the naive one for as many lines as it takes', () => {
    const data = noise(bulkMaxLines * 48);
    expect(checksumLines(crc24(new Uint8Array()), Buffer.from(base64Lines(data)))).toBe(crc24(data));
  });

  it('is refused for every byte that is not base64, wherever it stands', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    for (let column = 0; column < bulkLineBytes; column += 1) {
      for (let byte = 0; byte < 256; byte += 1) {
        const text = Buffer.from(base64Lines(noise(3 * 48)), 'latin1');
        text[bulkLineBytes + column] = byte;
        const isRight =
          column === 64 ? byte === 0x0d : column === 65 ? byte === 0x0a : alphabet.includes(String.fromCharCode(byte));
        expect(checksumLines(0, text) !== undefined).toBe(isRight);
      }
    }
  });
});

describe('an armored message', () => {
  it.each([1, 2, 3, 65, 66, 67, 1000, 65_535])('may come in chunks of %i bytes', (chunkBytes) => {
    const packets = chunkBytes < 10 ? bytes(packet(3, bodies.skesk6()), packet(18, bodies.seipd2(3000))) : bigPackets;
    expect(outgoing({ packets }, chunkBytes).kind).toBe('encrypted');
  });

  it.each([4, 60, 64, 76])('may have lines of %i characters', (lineLength) => {
    expect(outgoing({ packets: bigPackets, armorData: base64Lines(bigPackets, lineLength) }).kind).toBe('encrypted');
  });

  it('may do without a checksum', () => {
    expect(outgoing({ armorChecksum: '' }).kind).toBe('encrypted');
  });

  it('may have its data in pieces', () => {
    for (const exponent of [9, 12, 16]) {
      const packets = bytes(packet(1, bodies.pkesk6Anonymous()), partialPacket(18, bodies.seipd2(200_000), exponent));
      expect(outgoing({ packets }).kind).toBe('encrypted');
    }
  });

  it('is refused for any single changed character of a big message, at the right offset or at its checksum', () => {
    const raw = encryptedMessage({ packets: bytes(packet(3, bodies.skesk6()), packet(18, bodies.seipd2(1000))) });
    const begin = raw.indexOf('-----BEGIN') + 31;
    const end = raw.indexOf('\r\n=');
    for (let at = begin; at < end; at += 1) {
      const changed = Buffer.from(raw);
      changed[at] = raw[at] === 0x41 ? 0x42 : 0x41;
      const stream = createMessageStream({ direction: 'outgoing' });
      stream.write(changed);
      expect(stream.end().kind).toBe('cleartext');
      changed[at] = 0x2a;
      const other = createMessageStream({ direction: 'outgoing' });
      other.write(changed);
      expect(other.end()).toMatchObject({ kind: 'cleartext', offset: at });
    }
  });

  it('tells the offset of a packet that does not belong there', () => {
    const packets = bytes(packet(1, bodies.pkesk6Anonymous()), packet(11, noise(60)));
    const raw = encryptedMessage({ packets });
    const begin = raw.indexOf('-----BEGIN') + 31;
    const literal = 73; // bytes before it: one line of 48, then 25
    expect(outgoing({ packets })).toMatchObject({
      reason: 'packet-unexpected',
      offset: begin + 66 + Math.floor(((literal - 48) * 4) / 3),
    });
  });
});

describe('the length of a packet', () => {
  it('may be given in more octets than needed', () => {
    const body = bodies.pkesk6Anonymous();
    const long = bytes(0xc1, 0xff, 0, 0, 0, body.length, body);
    expect(outgoing({ packets: bytes(long, packet(18, bodies.seipd2(300))) }).kind).toBe('encrypted');
  });

  it.each([191, 192, 8383, 8384, 70_000])('of %i octets is read right', (length) => {
    const packets = bytes(packet(3, bodies.skesk6()), 0xd2, newLength(length), bodies.seipd2(length));
    expect(outgoing({ packets }).kind).toBe('encrypted');
    expect(outgoing({ packets: packets.subarray(0, -1) })).toMatchObject({ reason: 'packet-truncated' });
    expect(outgoing({ packets: bytes(packets, 0) })).toMatchObject({ reason: 'packet-trailing' });
  });
});
