import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Config } from '../config/config.ts';
import { layoutOf } from '../setup/layout.ts';

const execute = promisify(execFile);

const maxRounds = 40;
const pauseMs = 100;
/** A line for each of ten thousand clients, several times over. */
const maxOutputBytes = 64 * 1024 * 1024;

/** What somebody has open could not be ended; they keep it until they leave by themselves. */
export class SessionError extends Error {
  override readonly name = 'SessionError';
}

/** Whether this machine's Dovecot runs. */
export function isDovecotHere({ run }: Pick<Config, 'run'>): boolean {
  return existsSync(join(run, 'dovecot/anvil'));
}

/**
 * Ends every IMAP connection that a user has at this machine's Dovecot, those that hibernate among them. Where no Dovecot
 * runs there are none.
 *
 * Dovecot 2.4 does it by itself. 2.3 kicks whole processes, and refuses when others are in them: all who hibernate share
 * one. So they are woken, each into a process of its own, until none is left. Source: dovecot 2.3
 * src/doveadm/doveadm-kick.c.
 *
 * @throws SessionError
 */
export async function endMailSessions(user: string, config: Config): Promise<void> {
  const layout = layoutOf(config);
  if (!isDovecotHere(config)) return;
  const doveadm = (...args: string[]): Promise<string> => doveadmOf(config, args);
  try {
    for (let round = 0; round < maxRounds; round += 1) {
      const [, ...sessions] = (await doveadm('-f', 'tab', 'who', '-1', '--', user)).trim().split('\n');
      if (sessions.length === 0) return;
      await doveadm('kick', '--', user).catch(() => {}); // 2.3 fails when they have just left; the next look tells
      await wake(join(layout.mail, user, 'Maildir'));
      await wait(pauseMs);
    }
  } catch (cause) {
    throw new SessionError(`${user}: doveadm could not end what is open: ${String(cause)}`, { cause });
  }
  throw new SessionError(`${user}: has something open that did not end within ${(maxRounds * pauseMs) / 1_000} s.`);
}

/** Everybody who has something open at this machine's Dovecot. */
export async function connectedUsers(config: Config): Promise<ReadonlySet<string>> {
  if (!isDovecotHere(config)) return new Set();
  const [head = '', ...sessions] = (await doveadmOf(config, ['-f', 'tab', 'who', '-1'])).trim().split('\n');
  const at = head.split('\t').indexOf('username');
  return new Set(sessions.map((line) => line.split('\t')[at] ?? ''));
}

async function doveadmOf(config: Config, args: readonly string[]): Promise<string> {
  const { dovecotConf } = layoutOf(config);
  return (await execute('doveadm', ['-c', dovecotConf, ...args], { maxBuffer: maxOutputBytes })).stdout;
}

/** Touches every folder, which is what those who hibernate are woken by. A name with a dot in front is no message. */
async function wake(maildir: string): Promise<void> {
  const entries = await readdir(maildir).catch(() => []);
  const folders = ['.', ...entries.filter((name) => name.startsWith('.'))];
  for (const folder of folders) {
    const file = join(maildir, folder, 'new/.wake');
    await writeFile(file, '').catch(() => {}); // it has no such folder
    await rm(file, { force: true }).catch(() => {});
  }
}
