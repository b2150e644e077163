import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Mailboxes, MailQuery } from './mailboxes.ts';
import type { StoredMail } from './rules.ts';

/** Doveadm did not do all it was asked. Its own words are for the operator's log only. */
export class DoveadmError extends Error {
  override readonly name = 'DoveadmError';
}

/**
 * Mailboxes through Dovecot's own command, so that indexes, quota and waiting clients stay right: a file that is simply
 * unlinked still counts as used room until Dovecot looks at the folder. One process serves many users
 * (`-F`, dovecot src/doveadm/doveadm-mail.c), since starting it takes longer than a mailbox.
 *
 * @param configPath Dovecot's `dovecot.conf`.
 */
export function doveadmMailboxes(configPath: string): Mailboxes {
  const doveadm = (users: readonly string[], args: Arguments): AsyncGenerator<Row> => rowsOf(configPath, users, args);
  return {
    async list(users, query) {
      const found = new Map<string, StoredMail[]>();
      const fields = 'user date.received.unixtime size.virtual flags';
      for await (const row of doveadm(users, { command: ['fetch'], rest: [fields, ...searchOf(query)] })) {
        const user = row.get('user') ?? '';
        const mails = found.get(user) ?? [];
        found.set(user, mails);
        mails.push({
          receivedAt: number(row, 'date.received.unixtime'),
          bytes: number(row, 'size.virtual'),
          isSeen: row.get('flags')?.includes('\\Seen') === true,
        });
      }
      return found;
    },
    async remove(users, query) {
      for await (const _ of doveadm(users, { command: ['expunge'], rest: searchOf(query) }));
    },
    async usage(users) {
      const used = new Map<string, number>();
      for await (const row of doveadm(users, { command: ['quota', 'get'], rest: [] })) {
        if (row.get('type') === 'STORAGE') used.set(row.get('username') ?? '', number(row, 'value') * 1_024);
      }
      return used;
    },
  };
}

interface Arguments {
  readonly command: readonly string[];
  readonly rest: readonly string[];
}
type Row = ReadonlyMap<string, string>;

/** Before this day there was no such mail, and Dovecot takes fewer digits for something else (doveadm-search-query(7)). */
const firstTimestamp = 1_000_000_000;

/** doveadm-search-query(7) */
export function searchOf({ before, large }: MailQuery): string[] {
  const received = (moment: number): string[] => ['BEFORE', String(Math.max(moment, firstTimestamp))];
  const either = [
    ...(before === undefined ? [] : [received(before)]),
    ...(large === undefined
      ? []
      : [['(', 'LARGER', String(large.overBytes), ...(large.isSeen ? ['SEEN'] : []), ...received(large.before), ')']]),
  ];
  const [first = [], second] = either;
  return ['mailbox', '*', ...(second === undefined ? first : ['(', ...first, 'OR', ...second, ')'])];
}

/** Runs doveadm for the users. @throws DoveadmError */
async function* rowsOf(
  configPath: string,
  users: readonly string[],
  { command, rest }: Arguments,
): AsyncGenerator<Row> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-expiry-'));
  try {
    const list = join(folder, 'users');
    await writeFile(list, users.map((user) => `${user}\n`).join(''));
    const args = ['-c', configPath, '-f', 'tab', ...command, '-F', list, ...rest];
    const child = spawn('doveadm', args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (code, signal) => resolve(code === 0 ? '' : `ended with ${code ?? signal}`));
    });
    let words = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      words = `${words}${text}`.slice(0, maxWords);
    });
    let names: readonly string[] | undefined;
    for await (const line of createInterface({ input: child.stdout })) {
      const cells = line.split('\t');
      if (names === undefined) names = cells;
      else yield new Map(names.map((name, at) => [name.toLowerCase(), cells[at] ?? '']));
    }
    const failure = await ended;
    if (failure !== '') throw new DoveadmError(`doveadm ${command.join(' ')} ${failure}: ${words.trim()}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const maxWords = 1_000;
/** Far longer than it takes for many large mailboxes: then Dovecot hangs. */
const timeoutMs = 600_000;

function number(row: Row, name: string): number {
  const value = Number(row.get(name));
  if (!Number.isSafeInteger(value)) throw new DoveadmError(`doveadm said no number for ${name}`);
  return value;
}
