import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthServer } from '@postern/dovecot-auth';
import type { AuthBackend, AuthServer } from '@postern/dovecot-auth';
import { backend } from '../backend.ts';
import { ManualClock } from '../manual-clock.ts';
import { Peer } from '../peer.ts';

let directory: string;
let server: AuthServer;
let clock: ManualClock;
let asked: () => void;
let answer: () => void;
const path = (name: string): string => join(directory, name);
const response = Buffer.from('\0alice@example.org\0correct horse').toString('base64');

beforeEach(async () => {
  directory = mkdtempSync('/tmp/dovecot-auth-');
  clock = new ManualClock();
});

afterEach(async () => {
  await server.close({ drainMs: 0 });
  rmSync(directory, { recursive: true });
});

async function start(overrides: Partial<AuthBackend> = {}): Promise<void> {
  server = createAuthServer({ backend: { ...backend, ...overrides }, clock });
  await server.listen({ client: [{ path: path('client') }], master: [{ path: path('master') }] });
}

async function loginProcess(): Promise<{ peer: Peer; cookie: string }> {
  const peer = new Peer(path('client'));
  peer.say('VERSION\t1\t2', 'CPID\t7');
  const handshake = await peer.hearUntil('DONE');
  return { peer, cookie: handshake.find((line) => line.startsWith('COOKIE'))?.slice(7) ?? '' };
}

describe('a server that closes', () => {
  it('answers a login that it has begun', async () => {
    const wasAsked = new Promise<void>((resolve) => (asked = resolve));
    const mayAnswer = new Promise<void>((resolve) => (answer = resolve));
    await start({
      async verify(attempt) {
        asked();
        await mayAnswer;
        return backend.verify(attempt);
      },
    });
    const { peer } = await loginProcess();
    peer.say(`AUTH\t1\tPLAIN\tnologin\tresp=${response}`);
    await wasAsked;
    const closed = server.close();
    answer();
    expect(await peer.hearUntil('(closed)')).toEqual(['OK\t1\tuser=alice@example.org', '(closed)']);
    await closed;
  });

  it('answers refusals at once that it holds back', async () => {
    await start();
    const { peer } = await loginProcess();
    peer.say(`AUTH\t1\tPLAIN\tnologin\tresp=${Buffer.from('\0alice@example.org\0wrong').toString('base64')}`);
    peer.say(`AUTH\t2\tPLAIN\tnologin\tresp=${response}`);
    await peer.hear();
    await server.close();
    expect(await peer.hearUntil('(closed)')).toEqual(['FAIL\t1\tuser=alice@example.org', '(closed)']);
  });

  it('waits for the mail process of a login that was accepted', async () => {
    await start();
    const { peer, cookie } = await loginProcess();
    peer.say(`AUTH\t1\tPLAIN\tprotocol=imap\tresp=${response}`);
    await peer.hear();
    const closed = server.close();
    expect(await peer.hear()).toBe('(closed)');
    using mail = new Peer(path('master'));
    mail.say('VERSION\t1\t2', `REQUEST\t5\t7\t1\t${cookie}`);
    const heard = await mail.hearUntil('(closed)');
    expect(heard.at(-2)).toMatch(/^USER\t5\talice@example\.org\t/);
    await closed;
  });

  it('does not wait longer than it was told', async () => {
    await start({ verify: () => new Promise(() => {}) });
    const { peer } = await loginProcess();
    peer.say(`AUTH\t1\tPLAIN\tnologin\tresp=${response}`, 'AUTH\t2\tLOGIN');
    await peer.hear();
    const closed = server.close({ drainMs: 500 });
    const again = server.close();
    // Time passes only for who waits for so little: the login's own limit must not end before the server's.
    do if (clock.waits(500)) clock.pass(500);
    while (
      (await Promise.race([closed.then(() => 'closed'), new Promise((resolve) => setImmediate(resolve))])) !== 'closed'
    );
    await again;
    expect(clock.now()).toBeGreaterThanOrEqual(500);
    expect(await peer.hear()).toBe('(closed)');
  });
});

describe('a backend that answers nonsense', () => {
  it.each([
    ['nothing', undefined],
    ['a truth', true],
    ['an unknown kind', { kind: 'ok' }],
    ['an acceptance of nobody', { kind: 'accepted' }],
    ['an acceptance without fields', { kind: 'accepted', record: { user: 'a' } }],
    ['a field that is no text', { kind: 'accepted', record: { user: 'a', fields: { uid: 5000 } } }],
    ['a field whose name breaks the line', { kind: 'accepted', record: { user: 'a', fields: { 'a=b\tuid': '0' } } }],
    ['a reason that is no text', { kind: 'refused', reason: 7 }],
  ])('(%s) has failed, and lets nobody in', async (_, nonsense) => {
    // What a backend in plain JavaScript could do.
    const broken = JSON.parse(JSON.stringify({ nonsense: nonsense ?? null })).nonsense ?? undefined;
    await start({ verify: async () => broken });
    const { peer } = await loginProcess();
    peer.say(`AUTH\t1\tPLAIN\tresp=${response}`);
    expect(await peer.hear()).toBe('FAIL\t1\tuser=alice@example.org\tcode=temp_fail\ttemp');
  });
});
