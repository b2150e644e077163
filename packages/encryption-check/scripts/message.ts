import { crc24, usualPackets } from './packets.ts';

export const boundary = '18ea74552299dac9_9138745b46c59813';

/** The places of an encrypted message, each a piece of text that can be replaced. Lines end with CRLF. */
export interface Places {
  readonly contentType: string;
  readonly mimeVersion: string;
  readonly otherHeaders: string;
  readonly preamble: string;
  readonly versionDelimiter: string;
  readonly versionHeader: string;
  readonly versionText: string;
  readonly dataDelimiter: string;
  readonly dataHeader: string;
  readonly armorBegin: string;
  readonly armorHeaders: string;
  readonly armorData: string;
  readonly armorChecksum: string;
  readonly armorEnd: string;
  readonly close: string;
  readonly epilogue: string;
}

export type Changes = Partial<Places> & { readonly packets?: Uint8Array };

const usualData = base64Lines(usualPackets());
const usualChecksum = checksumLine(usualPackets());

export const addresses = 'From: <alice@relay.test>\r\nTo: "hidden-recipients": ;\r\nSubject: [...]\r\n';

/** The text of an armored message, place by place, as Delta Chat writes it. */
export function places(changes: Changes = {}): Places {
  const { packets, ...replaced } = changes;
  return {
    contentType: `Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; \r\n\tboundary="${boundary}"\r\n`,
    mimeVersion: 'MIME-Version: 1.0\r\n',
    otherHeaders: `${addresses}Date: Sat, 21 Nov 2026 03:43:33 +0000\r\nMessage-ID: <06921322@localhost>\r\nChat-Version: 1.0\r\n`,
    preamble: '\r\n',
    versionDelimiter: `--${boundary}\r\n`,
    versionHeader:
      'Content-Type: application/pgp-encrypted; charset="utf-8"\r\nContent-Transfer-Encoding: 7bit\r\n\r\n',
    versionText: 'Version: 1\r\n\r\n',
    dataDelimiter: `--${boundary}\r\n`,
    dataHeader: 'Content-Type: application/octet-stream; charset="utf-8"\r\nContent-Transfer-Encoding: 7bit\r\n\r\n',
    armorBegin: '-----BEGIN PGP MESSAGE-----\r\n',
    armorHeaders: '\r\n',
    armorData: packets === undefined ? usualData : base64Lines(packets),
    armorChecksum: packets === undefined ? usualChecksum : checksumLine(packets),
    armorEnd: '-----END PGP MESSAGE-----\r\n\r\n',
    close: `--${boundary}--\r\n`,
    epilogue: '',
    ...replaced,
  };
}

/** An encrypted message as Delta Chat writes it, but for the changes. */
export function encryptedMessage(changes: Changes = {}): Buffer {
  const text = places(changes);
  return Buffer.from(
    `${text.contentType}${text.mimeVersion}${text.otherHeaders}\r\n${text.preamble}${text.versionDelimiter}${text.versionHeader}` +
      `${text.versionText}${text.dataDelimiter}${text.dataHeader}${text.armorBegin}${text.armorHeaders}${text.armorData}` +
      `${text.armorChecksum}${text.armorEnd}${text.close}${text.epilogue}`,
    'latin1',
  );
}

export function base64Lines(data: Uint8Array, lineLength = 64): string {
  const text = Buffer.from(data).toString('base64');
  let lines = '';
  for (let at = 0; at < text.length; at += lineLength) lines += `${text.slice(at, at + lineLength)}\r\n`;
  return lines;
}

export function checksumLine(data: Uint8Array): string {
  const checksum = Buffer.alloc(3);
  checksum.writeUIntBE(crc24(data), 0, 3);
  return `=${checksum.toString('base64')}\r\n`;
}

/** A SecureJoin request as Delta Chat writes it, but for the changes. */
export function secureJoinRequest(
  changes: { readonly headers?: string; readonly body?: string; readonly request?: string } = {},
): Buffer {
  const request = changes.request ?? 'vc-request';
  const headers =
    changes.headers ??
    `Content-Type: multipart/mixed; \r\n\tboundary="${boundary}"\r\nMIME-Version: 1.0\r\n${addresses}Secure-Join: ${request}\r\n` +
      'Secure-Join-Invitenumber: kKgL1fyL5xabAGQeWhXigDt5\r\n';
  const body =
    changes.body ??
    `\r\n--${boundary}\r\nContent-Type: text/plain; charset="utf-8"\r\nMessage-ID: <1bf94f99@localhost>\r\n` +
      `Content-Transfer-Encoding: 7bit\r\n\r\nSecure-Join: ${request}\r\n--${boundary}--\r\n`;
  return Buffer.from(`${headers}\r\n${body}`, 'latin1');
}
