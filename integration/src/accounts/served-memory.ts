import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { bundlePrograms } from '@postern/docker';
import { environmentOf } from '../../../packages/relay/src/services/programs.ts';
import { plain } from '../dovecot-auth/dialogue.ts';
import { benchUser } from './bench-accounts.ts';

const repository = join(import.meta.dirname, '../../..');
const programs = join(repository, 'node_modules/.cache/postern-programs');
const lookups = 20_000;
const logins = 10_000;
const loginsAtOnce = 20;
const startsWithinMs = 30_000;

/** What there is to ask for. */
export interface ServedAccounts {
  readonly count: number;
  /** Those that can log in, all with this password. */
  readonly users: readonly string[];
  readonly password: string;
}

/**
 * How much memory the auth service takes, bundled and started as on a relay, after many logins, at first with Argon2,
 * many questions for accounts, and a list of all: in bytes. The database in the folder keeps its accounts.
 */
export async function servedMemory(folder: string, accounts: ServedAccounts): Promise<number> {
  const config = join(folder, 'postern.toml');
  writeFileSync(config, `domain = "example.org"\ndata = "${folder}"\nrun = "${folder}"\npush.service = "off"\n`);
  const path = (name: string): string => join(folder, `${name}.sock`);
  const names = ['auth-login', 'auth-postfix', 'auth-master', 'metadata'];
  await bundlePrograms(repository, programs);
  const program = [process.execPath, join(programs, 'main.js'), 'serve', 'auth'];
  const holder = spawn(
    join(repository, 'packages/dovecot-auth/dovecot/hold-sockets'),
    [...names.map((name) => `${name}=${path(name)}:600`), '--', ...program],
    { stdio: 'inherit', env: { ...process.env, ...environmentOf('auth'), POSTERN_CONFIG: config } },
  );
  try {
    for (let waitedMs = 0; !existsSync(path('metadata')); waitedMs += 50) {
      if (waitedMs > startsWithinMs) throw new Error('the auth service did not start');
      await wait(50);
    }
    await logIn(path('auth-login'), accounts);
    await askMuch(path('auth-master'), accounts.count);
    return memoryOf(childOf(holder));
  } finally {
    holder.kill('SIGTERM');
    await once(holder, 'exit');
  }
}

/** As a login process does. */
async function logIn(path: string, { users, password }: ServedAccounts): Promise<void> {
  const service = new Conversation(path);
  service.say('VERSION\t1\t2', 'CPID\t1');
  await service.answer(/^DONE/);
  for (let id = 1; id <= logins; id += loginsAtOnce) {
    const some = Array.from({ length: loginsAtOnce }, (_, at) => id + at);
    service.say(
      ...some.map((each) => {
        const response = plain(users[each % users.length] ?? '', password);
        return `AUTH\t${each}\tPLAIN\tservice=imap\tsecured\tnologin\tresp=${response}`;
      }),
    );
    for (const _ of some) {
      const answer = await service.next();
      if (!answer.startsWith('OK\t')) throw new Error(`a login was refused: ${answer}`);
    }
  }
  service.end();
}

/** As LMTP and doveadm do, over the master socket. */
async function askMuch(path: string, accounts: number): Promise<void> {
  const service = new Conversation(path);
  service.say('VERSION\t1\t2');
  await service.answer(/^SPID/);
  for (let id = 1; id <= lookups; id += 1) {
    service.say(`USER\t${id}\t${benchUser(Math.floor(Math.random() * accounts))}\tservice=lmtp`);
    await service.answer(/^USER/);
  }
  service.say(`LIST\t${lookups + 1}\tuser=*`);
  const listed = await service.answer(/^DONE/);
  if (listed <= accounts) throw new Error(`only ${listed} accounts were listed`);
  service.end();
}

class Conversation {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;

  constructor(path: string) {
    this.#socket = connect(path);
    this.#lines = createInterface({ input: this.#socket })[Symbol.asyncIterator]();
  }

  say(...lines: readonly string[]): void {
    this.#socket.write(`${lines.join('\n')}\n`);
  }

  async next(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error('the auth service closed the connection');
    return value;
  }

  /** @returns how many lines came until this one. */
  async answer(last: RegExp): Promise<number> {
    for (let heard = 1; ; heard += 1) if (last.test(await this.next())) return heard;
  }

  end(): void {
    this.#socket.destroy();
  }
}

function childOf({ pid }: ChildProcess): string {
  const parentOf = (child: string): number => {
    try {
      return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${child}/status`, 'utf8'))?.[1]);
    } catch {
      return 0; // it has ended
    }
  };
  const child = readdirSync('/proc').find((name) => /^\d+$/.test(name) && parentOf(name) === pid);
  if (child === undefined) throw new Error('the auth service does not run');
  return child;
}

function memoryOf(pid: string): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}
