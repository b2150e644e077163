import { createMessage, encrypt } from 'openpgp';

export const alice = 'alice@chat.example';

/** The two parts of an encrypted message. */
export function encryptedBody(armored: string): string {
  return `--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n${armored.trim().replace(/\r?\n/g, '\r\n')}\r\n\r\n--b--\r\n`;
}

const armored = await encrypt({
  message: await createMessage({ text: 'readable words' }),
  passwords: 'secret',
  format: 'armored',
});
/** With much in its headers that nobody else is to read. */
export const encryptedMail = {
  from: alice,
  to: ['bob@other.example'],
  headers: [
    ['From', ` Alice Secretname <${alice}>`],
    ['To', ' Bob Secretname <bob@other.example>'],
    ['Subject', ' secret plans'],
    ['X-Mailer', ' Secret'],
    ['Message-ID', ' <secret-id@localhost>'],
    ['MIME-Version', ' 1.0'],
    ['Content-Type', ' multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"'],
  ],
  body: encryptedBody(armored),
} as const;
export const cleartextMail = {
  ...encryptedMail,
  headers: [['From', ` <${alice}>`]],
  body: 'readable words\r\n',
} as const;
