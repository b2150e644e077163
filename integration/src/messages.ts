import { randomUUID } from 'node:crypto';
import { createMessage, encrypt } from 'openpgp';

export interface Envelope {
  readonly from: string;
  readonly to: string;
}

/** A text that can be looked for afterwards: it must be nowhere. */
export const secretText = 'the readable words of this message';

/** What an ordinary mail program sends. */
export function cleartextMessage({ from, to }: Envelope): string {
  return [
    `From: <${from}>`,
    `To: <${to}>`,
    'Subject: hello',
    `Message-ID: <${randomUUID()}@localhost>`,
    'Date: Sun, 22 Nov 2026 21:00:00 +0000',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    '',
    secretText,
    '',
  ].join('\r\n');
}

/** PGP/MIME (RFC 3156) around a text that really is encrypted, with the headers that clients would rather not send. */
export async function encryptedMessage({ from, to }: Envelope, headers: readonly string[] = []): Promise<string> {
  const armored = await encrypt({
    message: await createMessage({ text: secretText }),
    passwords: randomUUID(),
    format: 'armored',
  });
  return wrapArmored(armored, { from, to }, headers);
}

/** PGP/MIME around whatever is given. */
export function wrapArmored(armored: string, { from, to }: Envelope, headers: readonly string[] = []): string {
  const boundary = `=_${randomUUID()}`;
  return [
    ...headers,
    `From: <${from}>`,
    `To: <${to}>`,
    'Subject: [...]',
    `Message-ID: <${randomUUID()}@localhost>`,
    'Date: Sun, 22 Nov 2026 21:00:00 +0000',
    'MIME-Version: 1.0',
    `Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";\r\n boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: application/pgp-encrypted',
    '',
    'Version: 1',
    '',
    `--${boundary}`,
    'Content-Type: application/octet-stream',
    '',
    armored.trim().replace(/\r?\n/g, '\r\n'),
    '',
    `--${boundary}--`,
    '',
  ].join('\r\n');
}
