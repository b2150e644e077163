/** Bytes that look random and are the same in every run (xorshift32). */
export function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = Math.imul(seed, 0x9e37_79b1) >>> 0 || 1;
  for (let at = 0; at < length; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state & 0xff;
  }
  return bytes;
}

export function bytes(...parts: readonly (number | string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    parts.map((part) =>
      typeof part === 'number' ? Buffer.of(part) : typeof part === 'string' ? Buffer.from(part, 'latin1') : part,
    ),
  );
}

/** A packet with a header of the new format, its length in as few octets as can be. */
export function packet(tag: number, body: Uint8Array): Buffer {
  return bytes(0xc0 | tag, newLength(body.length), body);
}

/** A packet with a header of the legacy format, which has room for tags up to 15. */
export function legacyPacket(tag: number, body: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  if (body.length < 256) return bytes(0x80 | (tag << 2), length.subarray(3), body);
  if (body.length < 65_536) return bytes(0x81 | (tag << 2), length.subarray(2), body);
  return bytes(0x82 | (tag << 2), length, body);
}

/** A packet in pieces of 2^exponent octets and a rest (RFC 9580 §4.2.1.4). */
export function partialPacket(tag: number, body: Uint8Array, exponent = 9): Buffer {
  const size = 2 ** exponent;
  const pieces: Buffer[] = [Buffer.of(0xc0 | tag)];
  let at = 0;
  for (; body.length - at > size; at += size) pieces.push(bytes(0xe0 | exponent, body.subarray(at, at + size)));
  pieces.push(bytes(newLength(body.length - at), body.subarray(at)));
  return Buffer.concat(pieces);
}

export function newLength(length: number): Buffer {
  if (length < 192) return Buffer.of(length);
  if (length < 8384) return Buffer.of(((length - 192) >> 8) + 192, (length - 192) & 0xff);
  return fiveOctetLength(length);
}

export function fiveOctetLength(length: number): Buffer {
  const octets = Buffer.alloc(5, 0xff);
  octets.writeUInt32BE(length, 1);
  return octets;
}

/** A multiprecision integer of exactly so many bits. */
export function integer(bits: number, seed = 1): Buffer {
  const body = noise(Math.ceil(bits / 8), seed);
  const top = ((bits - 1) % 8) + 1;
  body[0] = ((body[0] ?? 0) & ((1 << top) - 1)) | (1 << (top - 1));
  return bytes(bits >> 8, bits & 0xff, body);
}

/** The bodies of session-key and encrypted data packets as the usual programs write them, with noise for ciphertext. */
export const bodies = {
  pkesk3Rsa: (seed = 1): Buffer => bytes(3, noise(8, seed), 1, integer(2048, seed)),
  pkesk3Elgamal: (seed = 1): Buffer => bytes(3, noise(8, seed), 16, integer(2048, seed), integer(2047, seed + 1)),
  pkesk3Ecdh: (seed = 1): Buffer => bytes(3, noise(8, seed), 18, 1, 7, 0x40, noise(32, seed), 48, noise(48, seed)),
  pkesk3X25519: (seed = 1): Buffer => bytes(3, noise(8, seed), 25, noise(32, seed), 41, 9, noise(40, seed)),
  pkesk6Anonymous: (seed = 1): Buffer => bytes(6, 0, 18, 1, 7, 0x40, noise(32, seed), 32, noise(32, seed)),
  pkesk6X25519: (seed = 1): Buffer => bytes(6, 33, 6, noise(32, seed), 25, noise(32, seed), 24, noise(24, seed)),
  pkesk6X448: (seed = 1): Buffer => bytes(6, 33, 6, noise(32, seed), 26, noise(56, seed), 40, noise(40, seed)),
  skesk4: (seed = 1): Buffer => bytes(4, 9, 3, 8, noise(8, seed), 0xe0),
  skesk4WithKey: (seed = 1): Buffer => bytes(4, 9, 3, 8, noise(8, seed), 0xe0, noise(33, seed)),
  skesk6: (seed = 1): Buffer => bytes(6, 3 + 10 + 15, 7, 2, 10, 1, 8, noise(8, seed), noise(15 + 16 + 16, seed)),
  skesk6Argon2: (seed = 1): Buffer =>
    bytes(6, 3 + 20 + 15, 9, 2, 20, 4, noise(16, seed), 1, 4, 21, noise(15 + 32 + 16, seed)),
  seipd1: (length = 600, seed = 1): Buffer => bytes(1, noise(length - 1, seed)),
  seipd2: (length = 600, seed = 1): Buffer => bytes(2, 7, 2, 7, noise(length - 4, seed)),
};

export const tags = { pkesk: 1, skesk: 3, sed: 9, literal: 11, seipd: 18 } as const;

/** What Delta Chat 2.57 sends to one other person: two anonymous PKESK v6 and a SEIPD v2. */
export function usualPackets(dataBytes = 600): Buffer {
  return bytes(
    packet(tags.pkesk, bodies.pkesk6Anonymous(1)),
    packet(tags.pkesk, bodies.pkesk6Anonymous(2)),
    packet(tags.seipd, bodies.seipd2(dataBytes)),
  );
}

/** The armor checksum, bit by bit as RFC 9580 §6.1.1 has it: slow, and independent of the package's own. */
export function crc24(data: Uint8Array): number {
  let crc = 0xb704ce;
  for (const byte of data) {
    crc ^= byte << 16;
    for (let bit = 0; bit < 8; bit += 1) {
      crc <<= 1;
      if ((crc & 0x100_0000) !== 0) crc ^= 0x186_4cfb;
    }
  }
  return crc & 0xff_ffff;
}
