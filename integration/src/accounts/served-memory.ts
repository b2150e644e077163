import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { bundlePrograms } from '@postern/docker';
import { benchUser } from './bench-accounts.ts';

const repository = join(import.meta.dirname, '../../..');
const programs = join(repository, 'node_modules/.cache/postern-programs');
const lookups = 20_000;
const startsWithinMs = 30_000;

/**
 * How much memory the auth service takes, bundled as in the image of a relay, after it was asked for many accounts and
 * for a list of all: in bytes. The database in the folder is left as it is.
 */
export async function servedMemory(folder: string, accounts: number): Promise<number> {
  const config = join(folder, 'postern.toml');
  writeFileSync(config, `domain = "example.org"\ndata = "${folder}"\nrun = "${folder}"\npush.service = "off"\n`);
  const path = (name: string): string => join(folder, `${name}.sock`);
  const names = ['auth-login', 'auth-postfix', 'auth-master', 'metadata'];
  await bundlePrograms(repository, programs);
  const program = [process.execPath, join(programs, 'main.js'), 'serve', 'auth'];
  const holder = spawn(
    join(repository, 'packages/dovecot-auth/dovecot/hold-sockets'),
    [...names.map((name) => `${name}=${path(name)}:600`), '--', ...program],
    { stdio: 'inherit', env: { ...process.env, POSTERN_CONFIG: config } },
  );
  try {
    for (let waitedMs = 0; !existsSync(path('metadata')); waitedMs += 50) {
      if (waitedMs > startsWithinMs) throw new Error('the auth service did not start');
      await wait(50);
    }
    await askMuch(path('auth-master'), accounts);
    return memoryOf(childOf(holder));
  } finally {
    holder.kill('SIGTERM');
    await once(holder, 'exit');
  }
}

/** As LMTP and doveadm do, over the master socket. */
async function askMuch(path: string, accounts: number): Promise<void> {
  const socket = connect(path);
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const answer = async (last: RegExp): Promise<number> => {
    for (let heard = 1; ; heard += 1) {
      const { value, done } = await lines.next();
      if (done === true) throw new Error('the auth service closed the connection');
      if (last.test(value)) return heard;
    }
  };
  socket.write('VERSION\t1\t2\n');
  await answer(/^SPID/);
  for (let id = 1; id <= lookups; id += 1) {
    socket.write(`USER\t${id}\t${benchUser(Math.floor(Math.random() * accounts))}\tservice=lmtp\n`);
    await answer(/^USER/);
  }
  socket.write(`LIST\t${lookups + 1}\tuser=*\n`);
  const listed = await answer(/^DONE/);
  if (listed <= accounts) throw new Error(`only ${listed} accounts were listed`);
  socket.destroy();
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
