import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createMessage, encrypt } from 'openpgp';

export interface Size {
  readonly name: string;
  readonly bytes: number;
  /** How many are sent as fast as they go, and how many one after another. */
  readonly messages: number;
  readonly inTurn: number;
  /** Rounds that count, after those in which the programs get warm. */
  readonly rounds: number;
  readonly warmUp: number;
}

export const sizes: readonly Size[] = [
  { name: '3 KB', bytes: 3_000, messages: 600, inTurn: 200, rounds: 5, warmUp: 2 },
  { name: '100 KB', bytes: 100_000, messages: 200, inTurn: 60, rounds: 5, warmUp: 1 },
  { name: '10 MB', bytes: 10_000_000, messages: 10, inTurn: 6, rounds: 3, warmUp: 1 },
];
export const senders: readonly string[] = Array.from({ length: 10 }, (_, n) => `user${n}@bench.example`);
/** Of the same relay: nobody else looks for a DKIM signature, and what one costs is no matter of the gate. */
export const recipient = 'recipient@bench.example';

/** Encrypted mail with headers that the gate changes and removes, from each sender in each size. */
export async function writeMessages(folder: string): Promise<void> {
  for (const size of sizes) {
    const armored = await encrypt({
      message: await createMessage({ binary: randomBytes(Math.floor(size.bytes * 0.73) - 500) }),
      passwords: 'benchmark',
      format: 'armored',
    });
    const wrapped = inLinesOf64(armored);
    for (const [n, sender] of senders.entries()) await writeFile(fileOf(size, n, folder), message(sender, wrapped));
  }
}

export function fileOf({ name }: Size, sender: number, folder = '/messages'): string {
  return `${folder}/${name.replace(' ', '-')}-${sender}`;
}

/** As Delta Chat's library writes it (rPGP src/armor/writer.rs); OpenPGP.js makes lines of 60. */
function inLinesOf64(armored: string): string {
  const [begin = '', empty = '', ...rest] = armored.trim().split(/\r?\n/);
  const data = rest.filter((line) => !/^[-=]/.test(line)).join('');
  const end = rest.filter((line) => /^[-=]/.test(line));
  return [begin, empty, ...(data.match(/.{1,64}/g) ?? []), ...end].join('\r\n');
}

function message(sender: string, armored: string): string {
  return [
    `From: Some Body <${sender}>`,
    `To: Another <${recipient}>`,
    'Subject: plans',
    'Date: Mon, 23 Nov 2026 01:00:00 +0000',
    'Message-ID: <benchmark@bench.example>',
    'X-Mailer: benchmark',
    'Chat-Version: 1.0',
    'MIME-Version: 1.0',
    'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"',
    '',
    '--b',
    'Content-Type: application/pgp-encrypted',
    '',
    'Version: 1',
    '',
    '--b',
    'Content-Type: application/octet-stream',
    '',
    armored,
    '',
    '--b--',
    '',
  ].join('\r\n');
}
