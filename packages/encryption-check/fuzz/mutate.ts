import { base64Lines, boundary, checksumLine, encryptedMessage, places } from '../scripts/message.ts';
import type { Places } from '../scripts/message.ts';
import { bodies, bytes, legacyPacket, noise, packet, partialPacket } from '../scripts/packets.ts';
import type { Random } from './random.ts';
import { boundaries, words } from './words.ts';

/** A message made from ordinary ones by a few changes: of bytes, lines, places, or packets. */
export function mutated(random: Random, ordinary: readonly Buffer[]): Buffer {
  let raw = random.pick([
    (): Buffer => random.pick(ordinary),
    (): Buffer => withOtherPlaces(random),
    (): Buffer => withOtherPackets(random),
    (): Buffer => withOtherBoundary(random, random.pick(ordinary)),
  ])();
  for (let changes = random.below(4); changes > 0; changes -= 1) raw = changed(random, raw);
  return raw;
}

function changed(random: Random, raw: Buffer): Buffer {
  const at = random.below(raw.length + 1);
  const from = random.isOneIn(2) ? lineStart(raw, at) : at;
  const to = random.isOneIn(2)
    ? lineStart(raw, random.below(raw.length + 1))
    : Math.min(raw.length, from + random.below(40));
  const [first, last] = from < to ? [from, to] : [to, from];
  const word = Buffer.from(random.pick(words), 'latin1');
  switch (random.below(7)) {
    case 0:
      return bytes(raw.subarray(0, at), random.below(256), raw.subarray(at + 1));
    case 1:
      return bytes(raw.subarray(0, from), word, raw.subarray(from));
    case 2:
      return bytes(raw.subarray(0, first), raw.subarray(last));
    case 3:
      return bytes(raw.subarray(0, last), raw.subarray(first));
    case 4:
      return bytes(raw.subarray(0, first), word, raw.subarray(last));
    case 5: {
      const line = raw.subarray(first, lineEnd(raw, first));
      return bytes(
        raw.subarray(0, first),
        raw.subarray(first + line.length, last),
        line,
        raw.subarray(Math.max(last, first + line.length)),
      );
    }
    default: {
      const bit = Buffer.from(raw);
      bit[at] = (bit[at] ?? 0) ^ (1 << random.below(8));
      return bit;
    }
  }
}

function lineStart(raw: Buffer, at: number): number {
  return raw.lastIndexOf('\r\n', Math.max(0, at - 2)) + 2;
}

function lineEnd(raw: Buffer, at: number): number {
  const end = raw.indexOf('\r\n', at);
  return end === -1 ? raw.length : end + 2;
}

const usualPlaces = places();
const placeNames = Object.keys(usualPlaces);

function isPlace(name: string): name is keyof Places {
  return placeNames.includes(name);
}

/** One place of the message gets a word, in front, behind or instead. */
function withOtherPlaces(random: Random): Buffer {
  const name = random.pick(placeNames);
  if (!isPlace(name)) return encryptedMessage();
  const usual = usualPlaces[name];
  const word = random.pick(words);
  return encryptedMessage({
    [name]: random.pick([`${word}${usual}`, `${usual}${word}`, word, usual.trimEnd(), `${usual}${usual}`]),
  });
}

/** Packets in any order and number, some of them changed, in armor that is right for them. */
function withOtherPackets(random: Random): Buffer {
  const makers = Object.values(bodies);
  const one = (): Buffer => {
    const maker = random.pick(makers);
    let body: Buffer =
      maker === bodies.seipd1 || maker === bodies.seipd2 ? maker(36 + random.below(1200)) : random.pick(makers)();
    if (random.isOneIn(3))
      body[random.below(Math.min(body.length, 60))] = random.pick([
        0,
        1,
        2,
        3,
        4,
        6,
        18,
        25,
        35,
        36,
        255,
        random.below(256),
      ]);
    if (random.isOneIn(6)) body = bytes(body, noise(random.below(30), random.below(9)));
    if (random.isOneIn(6)) body = body.subarray(0, random.below(body.length));
    const isData = (body[0] === 1 || body[0] === 2) && body.length > 100;
    const tag = random.isOneIn(10) ? random.below(64) : isData ? 18 : body[0] === 4 ? 3 : random.pick([1, 3]);
    return random.pick([packet, packet, packet, legacyPacket, partialPacket])(tag, body);
  };
  const isNew = random.isOneIn(2);
  const usual = isNew
    ? bytes(
        packet(1, random.pick([bodies.pkesk6Anonymous, bodies.pkesk6X25519, bodies.pkesk6X448])()),
        packet(18, bodies.seipd2(76 + random.below(800))),
      )
    : bytes(
        packet(1, random.pick([bodies.pkesk3Rsa, bodies.pkesk3Ecdh, bodies.pkesk3X25519])()),
        packet(18, bodies.seipd1(41 + random.below(800))),
      );
  const packets = random.pick([
    (): Buffer => usual,
    (): Buffer => bytes(one(), usual),
    (): Buffer => bytes(usual, one()),
    (): Buffer => bytes(one(), one()),
    (): Buffer => changed(random, usual),
  ])();
  const isChecked = !random.isOneIn(4);
  return encryptedMessage({
    packets,
    armorData: base64Lines(packets, random.pick([64, 64, 64, 76, 60, 4, 63])),
    armorChecksum: isChecked ? checksumLine(packets) : '',
  });
}

function withOtherBoundary(random: Random, raw: Buffer): Buffer {
  const text = raw.toString('latin1');
  const from = /boundary="([^"]*)"/.exec(text)?.[1] ?? boundary;
  return Buffer.from(
    text.replaceAll(from, () => random.pick(boundaries)),
    'latin1',
  );
}
