import { createHash } from 'node:crypto';
import type { CleartextReason } from '../../src/index.ts';
import { addresses } from '../message.ts';

/** How one mail program dresses an armored message. */
export interface Dress {
  readonly name: string;
  readonly preamble: string;
  readonly type: (boundary: string) => string;
  readonly mimeVersion: string;
  readonly version: readonly string[];
  readonly data: readonly string[];
  readonly armorHeader?: string;
  readonly outgoing?: CleartextReason;
}

const sentence = 'This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)\r\n';
const oldSentence = 'This is an OpenPGP/MIME encrypted message (RFC 2440 and 3156)\r\n';
const pgp = 'application/pgp-encrypted';
const octets = 'application/octet-stream';
const described = 'Content-Description: PGP/MIME version identification';

/** As little as RFC 3156 asks for. */
export const plain: Dress = {
  name: 'plain',
  preamble: '',
  type: (boundary) => `multipart/encrypted; protocol="${pgp}"; boundary="${boundary}"`,
  mimeVersion: '1.0',
  version: [`Content-Type: ${pgp}`],
  data: [`Content-Type: ${octets}`],
};

export const dresses: readonly Dress[] = [
  {
    ...plain,
    name: 'thunderbird',
    preamble: sentence,
    type: (boundary) => `multipart/encrypted;\r\n protocol="${pgp}";\r\n boundary="------------${boundary}"`,
    version: [`Content-Type: ${pgp}`, described],
    data: [
      `Content-Type: ${octets}; name="encrypted.asc"`,
      'Content-Description: OpenPGP encrypted message',
      'Content-Disposition: inline; filename="encrypted.asc"',
    ],
    outgoing: 'preamble',
  },
  {
    ...plain,
    name: 'proton-mail',
    preamble: sentence,
    type: (boundary) => `multipart/encrypted; protocol="${pgp}"; boundary="------${boundary}"; charset=utf-8`,
    version: [`Content-Type: ${pgp}`, described],
    data: [
      `Content-Type: ${octets}; name="encrypted.asc"`,
      'Content-Description: OpenPGP encrypted message',
      'Content-Disposition: inline; filename="encrypted.asc"',
    ],
    armorHeader: 'Version: ProtonMail\r\n',
    outgoing: 'preamble',
  },
  {
    ...plain,
    name: 'gpgmail',
    preamble: oldSentence,
    type: (boundary) => `multipart/encrypted;\r\n\tboundary="Apple-Mail=_${boundary}";\r\n\tprotocol="${pgp}"`,
    mimeVersion: '1.0 (Mac OS X Mail 16.0 \\(3774.600.62\\))',
    version: ['Content-Transfer-Encoding: 7bit', `Content-Type: ${pgp}`, 'Content-Description: PGP/MIME Versions Identification'],
    data: [
      'Content-Transfer-Encoding: 7bit',
      'Content-Disposition: inline;\r\n\tfilename=encrypted.asc',
      `Content-Type: ${octets};\r\n\tname=encrypted.asc`,
      'Content-Description: OpenPGP encrypted message',
    ],
    outgoing: 'mime-version',
  },
  {
    ...plain,
    name: 'mutt',
    version: [`Content-Type: ${pgp}`, 'Content-Disposition: attachment'],
    data: [`Content-Type: ${octets}`, 'Content-Disposition: attachment; filename="msg.asc"'],
  },
  {
    ...plain,
    name: 'gnupg-1-with-version',
    armorHeader: 'Version: GnuPG v1\r\n',
    outgoing: 'armor-header',
  },
  {
    ...plain,
    name: 'kmail',
    version: [`Content-Type: ${pgp}`, 'Content-Disposition: attachment', 'Content-Transfer-Encoding: 7Bit', 'Content-Description: version code'],
    data: [
      `Content-Type: ${octets}`,
      'Content-Disposition: inline; filename="msg.asc"',
      'Content-Transfer-Encoding: 7Bit',
      'Content-Description: encrypted data',
    ],
    outgoing: 'part-header',
  },
];

/** Why the dress of a mail program is not for outgoing mail, by its name. */
export const outgoingReasons: ReadonlyMap<string, CleartextReason> = new Map(
  dresses.flatMap(({ name, outgoing }) => (outgoing === undefined ? [] : [[name, outgoing]])),
);

export function dress(armored: string, style: Dress): Buffer {
  const boundary = createHash('sha256').update(armored).digest('hex').slice(0, 32);
  const type = style.type(boundary);
  const full = /boundary="([^"]*)"/.exec(type)?.[1] ?? boundary;
  const armor = armored
    .replaceAll('\r\n', '\n')
    .trimEnd()
    .replace('-----BEGIN PGP MESSAGE-----\n', `-----BEGIN PGP MESSAGE-----\n${style.armorHeader ?? ''}`)
    .replaceAll(/\r?\n/g, '\r\n');
  return Buffer.from(
    `${addresses}Date: Sun, 22 Nov 2026 12:00:00 +0000\r\nMessage-ID: <${boundary}@relay.test>\r\nMIME-Version: ${style.mimeVersion}\r\n` +
      `Content-Type: ${type}\r\n\r\n${style.preamble}--${full}\r\n${style.version.join('\r\n')}\r\n\r\nVersion: 1\r\n\r\n` +
      `--${full}\r\n${style.data.join('\r\n')}\r\n\r\n${armor}\r\n\r\n--${full}--\r\n`,
    'latin1',
  );
}
