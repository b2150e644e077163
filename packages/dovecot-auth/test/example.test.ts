import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Peer } from './peer.ts';

const example = join(import.meta.dirname, '../examples/backend.ts');
const holder = join(import.meta.dirname, '../dovecot/hold-sockets');
const node = [process.execPath, '--conditions=@postern/source', example];

let directory: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  directory = mkdtempSync('/tmp/dovecot-auth-');
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    const exited = new Promise((resolve) => child.once('exit', resolve));
    if (child.kill('SIGTERM')) await exited;
  }
  rmSync(directory, { recursive: true });
});

const run = (command: readonly string[]): ChildProcess => {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  children.push(child);
  return child;
};

/** Whoever looks all the time takes the time that Node needs to start. */
const betweenLooksMs = 50;

/** As soon as somebody listens there. */
async function listening(path: string): Promise<void> {
  for (;;) {
    const isThere = await new Promise<boolean>((resolve) => {
      const probe = connect(path);
      probe.once('connect', () => resolve(true)).once('error', () => resolve(false));
      probe.once('connect', () => probe.destroy());
    });
    if (isThere) return;
    await delay(betweenLooksMs);
  }
}

async function login(password: string): Promise<string> {
  using peer = new Peer(join(directory, 'dovecot-client.sock'));
  const response = Buffer.from(`\0alice@example.org\0${password}`).toString('base64');
  peer.say('VERSION\t1\t2', 'CPID\t1', `AUTH\t1\tPLAIN\tservice=imap\tresp=${response}`);
  return (await peer.hearUntil('DONE')).at(-1) === 'DONE' ? await peer.hear() : '(closed)';
}

// Starting Node takes a while on a busy machine.
const options = { timeout: 60_000 };

describe('the backend of the README', options, () => {
  it('has at most 25 lines', () => {
    expect(readFileSync(example, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(25);
  });

  it('creates an account at its first login', async () => {
    run([...node, directory]);
    await listening(join(directory, 'dovecot-client.sock'));
    expect(await login('correct horse')).toBe('OK\t1\tuser=alice@example.org');
    expect(await login('short')).toContain('reason=The password needs at least 9 characters');
  });

  it('is the one that the README shows', () => {
    const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
    expect(readme).toContain(readFileSync(example, 'utf8'));
  });
});

describe('hold-sockets', options, () => {
  const held = (): string[] => [
    holder,
    `client=${join(directory, 'dovecot-client.sock')}:600`,
    `master=${join(directory, 'dovecot-master.sock')}:660:root`,
    '--',
    ...node,
  ];

  it('gives the sockets that it holds to the program, with their modes', async () => {
    run(held());
    await listening(join(directory, 'dovecot-client.sock'));
    expect(await login('correct horse')).toBe('OK\t1\tuser=alice@example.org');
    expect(statSync(join(directory, 'dovecot-client.sock')).mode & 0o777).toBe(0o600);
  });

  it('leaves its place, and its process id, to a program that watches by itself', async () => {
    const [, ...rest] = held();
    const child = run([holder, '--exec', ...rest]);
    await listening(join(directory, 'dovecot-client.sock'));
    expect(await login('correct horse')).toBe('OK\t1\tuser=alice@example.org');
    expect(readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').split('\0').slice(0, -1)).toEqual(node);
  });

  it('lets those wait who come while the program restarts', async () => {
    const child = run(held());
    await listening(join(directory, 'dovecot-client.sock'));
    await login('correct horse');
    child.kill('SIGHUP');
    // The new process knows no accounts, so a wrong password of the old one is right there.
    const answers: string[] = [];
    while (!answers.at(-1)?.startsWith('OK')) {
      answers.push(await login('another horse'));
      await delay(betweenLooksMs);
    }
    expect(existsSync(join(directory, 'dovecot-client.sock'))).toBe(true);
    expect(answers.filter((answer) => !/^(?:OK|FAIL|\(closed\))/.test(answer))).toEqual([]);
  });
});
