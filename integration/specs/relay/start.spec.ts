import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { docker } from '@postern/docker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLocalCore } from '../../src/local-core.ts';
import { Conversation } from '../../src/conversation.ts';

const root = join(import.meta.dirname, '../../..');
const startDeadlineMs = 240_000;

interface Start {
  readonly child: ChildProcess;
  /** What is on the screen once the relay runs. */
  readonly screen: string;
  /** Ctrl-C. @returns the exit code. */
  stop(): Promise<number | null>;
}

const started: ChildProcess[] = [];

async function npmStart(...options: string[]): Promise<Start> {
  const child = spawn('sh', ['scripts/start', ...options], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  let screen = '';
  const isRunning = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not running in time:\n${screen}`)), startDeadlineMs);
    for (const output of [child.stdout, child.stderr]) {
      output.on('data', (data: Buffer) => {
        screen += data.toString();
        if (!screen.includes('Ctrl-C')) return;
        clearTimeout(timer);
        resolve();
      });
    }
    child.once('exit', (code) => reject(new Error(`ended with ${code}:\n${screen}`)));
  });
  await isRunning;
  return {
    child,
    screen,
    async stop() {
      child.kill('SIGINT');
      const [code]: (number | null)[] = await once(child, 'exit');
      return code ?? null;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

describe('npm start', () => {
  let folder: string;
  let ports: string[];
  let imapPort: number;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-start-'));
    imapPort = await freePort();
    const [smtp, submission, web] = [await freePort(), await freePort(), await freePort()];
    ports = ['--smtp-port', smtp, '--imap-port', imapPort, '--submission-port', submission, '--web-port', web].map(
      String,
    );
  });

  afterAll(async () => {
    const left = started.filter(({ exitCode }) => exitCode === null);
    for (const child of left) child.kill('SIGINT');
    await Promise.all(left.map((child) => once(child, 'exit')));
    await rm(folder, { recursive: true });
  });

  it('shows an invite that a client on this machine can use, and keeps what is there for the next start', async () => {
    const data = join(folder, 'trial');
    const first = await npmStart('--data', data, '--domain', '_start.test', '--host', '127.0.0.1', ...ports);
    const link = /dclogin:\S+/.exec(first.screen)?.[0] ?? '';
    const client = startLocalCore(join(folder, 'accounts'));
    try {
      expect(first.screen).toMatch(/web page +https:\/\/127\.0\.0\.1:\d+\//);
      expect(first.screen).toContain(`data       ${data}`);
      expect(link).toMatch(/^dclogin:[a-z0-9]{9}@_start\.test\?.*&ih=127\.0\.0\.1&.*&ic=3$/);
      const id = await client.rpc.addAccount();
      // A busy machine has no room for new accounts, and this one is busy with the other tests.
      await appendFile(join(data, 'postern.toml'), '\n[accounts]\nmax_load = 1000\n');
      await docker(['exec', 'postern-trial-start.test', 'pkill', '-f', 'main.js serve auth']);
      await expect
        .poll(() => client.rpc.addTransportFromQr(id, link).then(() => client.rpc.isConfigured(id), String), {
          timeout: startDeadlineMs,
          interval: 2_000,
        })
        .toBe(true);
    } finally {
      client.close();
    }
    expect(await first.stop()).toBe(0);

    const second = await npmStart('--data', data);
    const { pathname: address, searchParams } = new URL(link);
    await using session = await Conversation.open(imapPort);
    await session.say(`
      S: * OK
      C: a LOGIN ${address} not-the-password
      S: a NO [AUTHENTICATIONFAILED]
      C: b LOGIN ${address} ${searchParams.get('p')}
      S: b OK`);
    expect(await second.stop()).toBe(0);
  });

  it('invites everybody when the relay has a domain of its own', async () => {
    const relay = await npmStart('--data', join(folder, 'real'), '--domain', 'chat.example.org', ...ports);
    expect(relay.screen).toContain('DCACCOUNT:chat.example.org');
    expect(relay.screen).not.toContain('dclogin:');
    expect(await relay.stop()).toBe(0);
  });
});
