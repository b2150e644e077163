import { createReadStream } from 'node:fs';
import { opendir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Database from 'better-sqlite3';
import { dateOf, fromPortable } from './exchange.ts';
import { type AccountRow, dayOf } from './records.ts';

/** An account that was found, or why what was found is none. */
export type Found =
  | { readonly kind: 'account'; readonly row: AccountRow }
  | { readonly kind: 'unreadable'; readonly where: string; readonly why: string };

/**
 * Reads accounts from what is at the path: our own export (`-` for standard input), the mail folder of a chatmail relay
 * (`/home/vmail/mail/DOMAIN`, a folder with a file `password` per account), or its old `passdb.sqlite`.
 */
export async function* findAccounts(path: string, today: number): AsyncGenerator<Found> {
  if (path !== '-' && (await stat(path)).isDirectory()) yield* fromChatmailFolder(path, today);
  else if (path !== '-' && (await isSqlite(path))) yield* fromChatmailDatabase(path, today);
  else yield* fromExport(path);
}

async function* fromExport(path: string): AsyncGenerator<Found> {
  const input = path === '-' ? process.stdin : createReadStream(path, 'utf8');
  let number = 0;
  for await (const line of createInterface({ input })) {
    number += 1;
    if (line.trim() !== '') yield parsed(`line ${number}`, () => fromPortable(JSON.parse(line)));
  }
}

/** chatmail/relay keeps the hash in `ADDRESS/password`; the file's time is the day of the last IMAP login. */
async function* fromChatmailFolder(path: string, today: number): AsyncGenerator<Found> {
  for await (const entry of await opendir(path)) {
    if (!entry.isDirectory() || !entry.name.includes('@')) continue;
    const file = join(path, entry.name, 'password');
    const password = await readFile(file, 'utf8').catch(() => undefined);
    if (password === undefined) continue; // a mailbox without an account, which chatmail removes by and by
    const lastSeen = Math.min(dayOf((await stat(file)).mtimeMs), today);
    yield parsed(entry.name, () => chatmailAccount(entry.name, password, lastSeen, today));
  }
}

/** The table `users(addr, password, last_login)`; the oldest databases lack the last column. */
function* fromChatmailDatabase(path: string, today: number): Generator<Found> {
  const database = new Database(path, { readonly: true });
  try {
    for (const row of database.prepare('select * from users').iterate()) {
      const fields: Readonly<Record<string, unknown>> = typeof row === 'object' && row !== null ? { ...row } : {};
      const { addr, password, last_login: seconds } = fields;
      const lastSeen = typeof seconds === 'number' && seconds > 0 ? Math.min(dayOf(seconds * 1_000), today) : undefined;
      const name = typeof addr === 'string' ? addr : '';
      yield parsed(name, () => chatmailAccount(name, typeof password === 'string' ? password : '', lastSeen, today));
    }
  } finally {
    database.close();
  }
}

function chatmailAccount(address: string, password: string, lastSeen: number | undefined, today: number): AccountRow {
  // When the account was made is not kept there: the oldest day that is known of it.
  const created = dateOf(lastSeen ?? today);
  const account = { address, password: password.trim(), created };
  return fromPortable(lastSeen === undefined ? account : { ...account, lastImap: created });
}

function parsed(where: string, parse: () => AccountRow): Found {
  try {
    return { kind: 'account', row: parse() };
  } catch (cause) {
    return { kind: 'unreadable', where, why: cause instanceof Error ? cause.message : String(cause) };
  }
}

async function isSqlite(path: string): Promise<boolean> {
  const magic = 'SQLite format 3\0'; // https://www.sqlite.org/fileformat.html §1.3
  for await (const chunk of createReadStream(path, { end: magic.length - 1 })) return String(chunk) === magic;
  return false;
}
