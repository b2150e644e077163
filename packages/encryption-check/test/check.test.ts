import { describe, expect, it } from 'vitest';
import { checkMessage, createCheck, createMessageStream } from '../src/index.ts';
import type { Finding } from '../src/index.ts';
import { boundary, encryptedMessage, secureJoinRequest } from '../scripts/message.ts';
import type { Changes } from '../scripts/message.ts';
import { bodies, bytes, legacyPacket, packet, partialPacket, tags } from '../scripts/packets.ts';

function outgoing(changes: Changes = {}): Finding {
  return checkMessage(encryptedMessage(changes), { direction: 'outgoing' });
}

function reason(finding: Finding): string {
  return finding.kind === 'cleartext' ? finding.reason : finding.kind;
}

describe('an encrypted message', () => {
  it('is found with the number of its session keys, its version and its size', () => {
    const raw = encryptedMessage();
    expect(checkMessage(raw, { direction: 'outgoing' })).toEqual({
      kind: 'encrypted',
      sessionKeys: { 'PKESK v3': 0, 'PKESK v6': 2, 'SKESK v4': 0, 'SKESK v6': 0 },
      seipdVersion: 2,
      packetBytes: 2 * 73 + 603,
      bytes: raw.length,
    });
  });

  it('is found wherever the bytes are cut', () => {
    const raw = encryptedMessage({ packets: bytes(legacyPacket(3, bodies.skesk4()), packet(18, bodies.seipd1(100))) });
    for (let cut = 0; cut <= raw.length; cut += 1) {
      const stream = createMessageStream({ direction: 'outgoing' });
      stream.write(raw.subarray(0, cut));
      stream.write(raw.subarray(cut));
      expect(stream.end().kind).toBe('encrypted');
    }
  });

  it('is found byte by byte', () => {
    const stream = createMessageStream({ direction: 'outgoing' });
    for (const byte of encryptedMessage()) stream.write(Uint8Array.of(byte));
    expect(stream.end().kind).toBe('encrypted');
  });

  it('is found as a milter shows it: folds of LF, a space less after the colon, the body apart', () => {
    const check = createCheck({ direction: 'outgoing' });
    check.header(
      Buffer.from('Content-Type'),
      Buffer.from(`multipart/encrypted; protocol="application/pgp-encrypted"; \n\tboundary="${boundary}"`),
    );
    check.header(Buffer.from('MIME-Version'), Buffer.from('1.0'));
    check.endOfHeaders();
    const raw = encryptedMessage();
    check.body(raw.subarray(raw.indexOf('\r\n\r\n') + 4));
    expect(check.end().kind).toBe('encrypted');
  });

  it('is not found in a truncated message, wherever it is cut', () => {
    const raw = encryptedMessage({ armorEnd: '-----END PGP MESSAGE-----\r\n' });
    const closing = raw.length - 2; // the closing delimiter needs no line end
    for (let length = 0; length < closing; length += 1) {
      expect(checkMessage(raw.subarray(0, length), { direction: 'outgoing' }).kind).toBe('cleartext');
    }
  });

  it.each([
    ['PKESK v3 for RSA', packet(1, bodies.pkesk3Rsa()), 1],
    ['PKESK v3 for Elgamal', packet(1, bodies.pkesk3Elgamal()), 1],
    ['PKESK v3 for ECDH', packet(1, bodies.pkesk3Ecdh()), 1],
    ['PKESK v3 for X25519', packet(1, bodies.pkesk3X25519()), 1],
    ['PKESK v3 with a legacy header', legacyPacket(1, bodies.pkesk3Rsa()), 1],
    ['SKESK v4', packet(3, bodies.skesk4()), 1],
    ['SKESK v4 with an encrypted key', packet(3, bodies.skesk4WithKey()), 1],
    ['PKESK v6 for an anonymous recipient', packet(1, bodies.pkesk6Anonymous()), 2],
    ['PKESK v6 for X25519', packet(1, bodies.pkesk6X25519()), 2],
    ['PKESK v6 for X448', packet(1, bodies.pkesk6X448()), 2],
    ['SKESK v6', packet(3, bodies.skesk6()), 2],
    ['SKESK v6 with Argon2', packet(3, bodies.skesk6Argon2()), 2],
  ])('may start with a %s', (_, sessionKey, version) => {
    const data = version === 1 ? bodies.seipd1() : bodies.seipd2();
    for (const seipd of [packet(tags.seipd, data), partialPacket(tags.seipd, data)]) {
      expect(outgoing({ packets: bytes(sessionKey, seipd) }).kind).toBe('encrypted');
    }
  });

  it('does not start with a key for X25519 that names another cipher than AES', () => {
    const camellia = bodies.pkesk3X25519();
    expect(camellia[43]).toBe(9); // behind version, key id, algorithm, ephemeral key and length
    camellia[43] = 11;
    const packets = bytes(packet(1, camellia), packet(tags.seipd, bodies.seipd1()));
    expect(reason(outgoing({ packets }))).toBe('session-key-malformed');
  });
});

describe('a SecureJoin request', () => {
  it.each(['vc-request', 'vg-request'])('is found for %s', (request) => {
    expect(checkMessage(secureJoinRequest({ request }), { direction: 'outgoing' })).toEqual({
      kind: 'secure-join-request',
      request,
    });
  });

  it('is not found when the text says more', () => {
    const raw = secureJoinRequest()
      .toString('latin1')
      .replace('\r\n\r\nSecure-Join: vc-request', '\r\n\r\nSecure-Join: vc-request, and meet me at noon');
    expect(reason(checkMessage(Buffer.from(raw), { direction: 'outgoing' }))).toBe('secure-join-shape');
  });
});

describe('a bounce', () => {
  const bounce = Buffer.from(
    'From: MAILER-DAEMON@relay.test (Mail Delivery System)\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n' +
      'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\nThis is the mail system.\r\n',
  );

  it('is found in incoming mail', () => {
    expect(checkMessage(bounce, { direction: 'incoming' })).toEqual({ kind: 'bounce' });
  });

  it('is cleartext in outgoing mail', () => {
    expect(reason(checkMessage(bounce, { direction: 'outgoing' }))).toBe('not-encrypted');
  });
});

describe('mistakes that other relays are known to have made', () => {
  it.each<[string, Changes, string]>([
    [
      'text in the preamble and no second part',
      {
        preamble: 'Meet me at noon.\r\n',
        dataDelimiter: '',
        dataHeader: '',
        armorBegin: '',
        armorHeaders: '',
        armorData: '',
        armorChecksum: '',
        armorEnd: '',
      },
      'preamble',
    ],
    [
      'no second part',
      {
        dataDelimiter: '',
        dataHeader: '',
        armorBegin: '',
        armorHeaders: '',
        armorData: '',
        armorChecksum: '',
        armorEnd: '',
      },
      'second-part-missing',
    ],
    ['text in the epilogue', { epilogue: 'Meet me at noon.\r\n' }, 'epilogue'],
    [
      'application/pgp-encrypted merely named somewhere',
      { contentType: 'Content-Type: text/plain; x="application/pgp-encrypted"\r\n' },
      'not-encrypted',
    ],
    ['armor without a payload', { armorData: '', armorChecksum: '' }, 'encrypted-data-missing'],
    ['a literal data packet', { packets: packet(11, Buffer.from('t\0\0\0\0\0Meet me at noon.')) }, 'packet-unexpected'],
  ])('%s is cleartext', (_, changes, expected) => {
    expect(reason(outgoing(changes))).toBe(expected);
  });
});

describe('a limit on size', () => {
  it('makes a longer message cleartext as soon as it is passed', () => {
    const raw = encryptedMessage();
    expect(checkMessage(raw, { direction: 'outgoing', maxBytes: raw.length }).kind).toBe('encrypted');
    const stream = createMessageStream({ direction: 'outgoing', maxBytes: raw.length - 1 });
    stream.write(raw);
    expect(stream.decided).toMatchObject({ reason: 'too-large', offset: raw.length - 1 });
  });
});
