import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthServer } from '@postern/dovecot-auth';
import type { AuthServer, DoorEvent, Limits } from '@postern/dovecot-auth';
import { backend } from '../backend.ts';
import { ManualClock } from '../manual-clock.ts';
import { Peer } from '../peer.ts';

let directory: string;
let server: AuthServer;
let events: DoorEvent[];
let clock: ManualClock;
const path = (name: string): string => join(directory, name);

async function start(limits: Partial<Limits> = {}): Promise<void> {
  server = createAuthServer({
    backend,
    clock,
    limits: { failureDelayMs: 0, ...limits },
    onEvent: (event) => events.push(event),
  });
  await server.listen({ client: [{ path: path('client') }], master: [{ path: path('master') }] });
}

const rejections = (): string[] =>
  events.flatMap((event) => (event.kind === 'peer.rejected' ? [event.error.code] : []));

const plain = (user: string, password: string): string => Buffer.from(`\0${user}\0${password}`).toString('base64');

async function loginProcess(): Promise<Peer> {
  const peer = new Peer(path('client'));
  peer.say('VERSION\t1\t2', 'CPID\t1');
  await peer.hearUntil('DONE');
  return peer;
}

beforeEach(() => {
  directory = mkdtempSync('/tmp/dovecot-auth-');
  events = [];
  clock = new ManualClock();
});

afterEach(async () => {
  await server.close({ drainMs: 0 });
  rmSync(directory, { recursive: true });
});

const greet = 'VERSION\t1\t2\nCPID\t1\n';

describe('a client that breaks the protocol', () => {
  it.each([
    ['garbage', Uint8Array.from(Buffer.from('\xff\xfe\0\x01\t\t\n', 'latin1')), 'unknown-command'],
    ['HTTP', 'GET / HTTP/1.1\r\n\r\n', 'unknown-command'],
    ['an empty line', '\n', 'unknown-command'],
    ['a huge line', 'A'.repeat(70_000), 'line-too-long'],
    ['a huge line that ends', `${greet}AUTH\t1\tPLAIN\tresp=${'A'.repeat(70_000)}\n`, 'line-too-long'],
    ['another major version', 'VERSION\t2\t0\n', 'unsupported-version'],
    ['a version that is no number', 'VERSION\tone\t2\n', 'malformed-command'],
    ['a version of 5,000 digits', `VERSION\t${'1'.repeat(5_000)}\t2\n`, 'malformed-command'],
    ['no handshake', 'AUTH\t1\tPLAIN\n', 'out-of-order'],
    ['a pid before its version', 'CPID\t1\n', 'out-of-order'],
    ['a second handshake', `${greet}${greet}`, 'out-of-order'],
    ['a request without an id', `${greet}AUTH\n`, 'malformed-command'],
    ['an id beyond 32 bits', `${greet}AUTH\t4294967296\tPLAIN\n`, 'malformed-command'],
    ['a negative id', `${greet}CANCEL\t-1\n`, 'malformed-command'],
    ['an id twice', `${greet}AUTH\t1\tLOGIN\nAUTH\t1\tLOGIN\n`, 'out-of-order'],
    ['a command of the master', `${greet}USER\t1\talice@example.org\tservice=imap\n`, 'unknown-command'],
  ])('with %s is cut off, with one event', async (_, bytes, code) => {
    await start();
    using peer = new Peer(path('client'));
    peer.write(bytes);
    await peer.hearUntil('(closed)');
    expect(rejections()).toEqual([code]);
  });

  it('with half a line and then nothing is cut off after the deadline', async () => {
    await start();
    using peer = await loginProcess();
    peer.write('AUTH\t1\tPL');
    // The server has read the half line when it answers another process that spoke later.
    using other = await loginProcess();
    other.say('CANCEL\t1', `AUTH\t1\tPLAIN\tresp=${plain('alice@example.org', 'correct horse')}`);
    await other.hear();
    clock.pass(29_999);
    expect(rejections()).toEqual([]);
    clock.pass(1);
    expect(await peer.hear()).toBe('(closed)');
    expect(rejections()).toEqual(['line-incomplete']);
  });

  it('by closing in the middle of a line makes one event', async () => {
    await start();
    using peer = await loginProcess();
    peer.write('AUTH\t1\tPL');
    peer.finish();
    await peer.hearUntil('(closed)');
    expect(rejections()).toEqual(['line-incomplete']);
  });

  it('does not disturb another one', async () => {
    await start();
    using honest = await loginProcess();
    using hostile = new Peer(path('client'));
    hostile.write('\0'.repeat(100_000));
    await hostile.hearUntil('(closed)');
    honest.say(`AUTH\t1\tPLAIN\tresp=${plain('alice@example.org', 'correct horse')}`);
    expect(await honest.hear()).toBe('OK\t1\tuser=alice@example.org');
  });

  it('is one of at most so many', async () => {
    await start({ maxConnections: 1 });
    using first = await loginProcess();
    using second = new Peer(path('client'));
    expect(await second.hear()).toBe('(closed)');
    first.say('AUTH\t1\tLOGIN');
    expect(await first.hear()).toBe('CONT\t1\tVXNlcm5hbWU6');
  });
});

describe('a person who sends nonsense', () => {
  it.each([
    ['an unknown mechanism', 'AUTH\t1\tGSSAPI\tresp=AAAA', 'FAIL\t1\tcode=auth_mech_invalid'],
    ['no base64', 'AUTH\t1\tPLAIN\tresp=****', 'FAIL\t1\tcode=invalid_base64'],
    ['base64 that stops early', 'AUTH\t1\tPLAIN\tresp=AAA', 'FAIL\t1\tcode=invalid_base64'],
    ['nothing', 'AUTH\t1\tPLAIN\tresp=', 'FAIL\t1'],
    ['one NUL', `AUTH\t1\tPLAIN\tresp=${Buffer.from('\0alice').toString('base64')}`, 'FAIL\t1'],
    ['three NULs', `AUTH\t1\tPLAIN\tresp=${Buffer.from('\0a\0b\0c').toString('base64')}`, 'FAIL\t1'],
    ['no name', `AUTH\t1\tPLAIN\tresp=${Buffer.from('\0\0password').toString('base64')}`, 'FAIL\t1'],
    [
      'the name of somebody to act as',
      `AUTH\t1\tPLAIN\tresp=${Buffer.from('alice@example.org\0bob@example.org\0x').toString('base64')}`,
      'FAIL\t1',
    ],
    [
      'a name that is not UTF-8',
      `AUTH\t1\tPLAIN\tresp=${Buffer.from('\0\xff\xfe@example.org\0x', 'latin1').toString('base64')}`,
      'FAIL\t1',
    ],
    ['a name with a line break', `AUTH\t1\tPLAIN\tresp=${Buffer.from('\0a\nOK\t1\0x').toString('base64')}`, 'FAIL\t1'],
    ['an endless name', `AUTH\t1\tPLAIN\tresp=${plain(`${'a'.repeat(300)}@example.org`, 'x')}`, 'FAIL\t1'],
    [
      'a parameter behind the response',
      `AUTH\t1\tPLAIN\tresp=${plain('carol@example.org', 'x')}\tresp=AAAA`,
      'FAIL\t1\tuser=carol@example.org\treason=Password too short: * BYE at least 9',
    ],
    ['an answer to nothing', 'CONT\t1\tAAAA', 'FAIL\t1\tcode=temp_fail\ttemp'],
  ])('%s is refused alone: the connection serves others too', async (_, line, answer) => {
    await start();
    using peer = await loginProcess();
    peer.say(line, `AUTH\t2\tPLAIN\tresp=${plain('alice@example.org', 'correct horse')}`);
    expect([await peer.hear(), await peer.hear()].toSorted()).toEqual(
      [answer, 'OK\t2\tuser=alice@example.org'].toSorted(),
    );
    expect(rejections()).toEqual([]);
  });
});

describe('limits', () => {
  it('make exchanges that clients leave unfinished fail temporarily, and forget them after a while', async () => {
    await start({ maxOpenExchanges: 2 });
    using peer = await loginProcess();
    peer.say('AUTH\t1\tLOGIN', 'AUTH\t2\tLOGIN', 'AUTH\t3\tLOGIN');
    expect([await peer.hear(), await peer.hear(), await peer.hear()].at(-1)).toBe('FAIL\t3\tcode=temp_fail\ttemp');
    clock.pass(180_000);
    peer.say('AUTH\t4\tLOGIN');
    expect(await peer.hear()).toBe('CONT\t4\tVXNlcm5hbWU6');
  });

  it('give a backend that does not answer a deadline, which is a failure of ours', async () => {
    await start({ callTimeoutMs: 9_000 });
    using peer = await loginProcess();
    peer.say(
      `AUTH\t1\tPLAIN\tresp=${plain('erin@example.org', 'x')}`,
      `AUTH\t2\tPLAIN\tresp=${plain('alice@example.org', 'correct horse')}`,
    );
    expect(await peer.hear()).toBe('OK\t2\tuser=alice@example.org');
    clock.pass(9_000);
    expect(await peer.hear()).toBe('FAIL\t1\tuser=erin@example.org\tcode=temp_fail\ttemp');
    expect(events.filter(({ kind }) => kind === 'backend.failed')).toHaveLength(1);
  });

  it('stop reading while the backend has enough to do, and lose nothing', async () => {
    await start({ maxCallsInFlight: 1, callTimeoutMs: 9_000 });
    using peer = await loginProcess();
    peer.say(`AUTH\t1\tPLAIN\tresp=${plain('erin@example.org', 'x')}`);
    const waiting = Array.from(
      { length: 100 },
      (_, n) => `AUTH\t${n + 2}\tPLAIN\tresp=${plain('alice@example.org', 'correct horse')}`,
    );
    peer.say(...waiting);
    using other = await loginProcess();
    other.say(`AUTH\t1\tPLAIN\tresp=${plain('alice@example.org', 'correct horse')}`);
    expect(await other.hear()).toBe('OK\t1\tuser=alice@example.org');
    clock.pass(9_000);
    const answers = await Promise.all(Array.from({ length: 101 }, () => peer.hear()));
    expect(answers.filter((answer) => answer.startsWith('OK'))).toHaveLength(100);
  });

  it('hold a refusal back, from the beginning of the request, unless the client leaves', async () => {
    await start({ failureDelayMs: 2_000 });
    using peer = await loginProcess();
    peer.say(
      `AUTH\t1\tPLAIN\tresp=${plain('alice@example.org', 'wrong')}`,
      `AUTH\t2\tPLAIN\tresp=${plain('alice@example.org', 'wrong')}`,
      'CANCEL\t2',
      `AUTH\t3\tPLAIN\tresp=${plain('alice@example.org', 'correct horse')}`,
    );
    expect(await peer.hear()).toBe('OK\t3\tuser=alice@example.org');
    clock.pass(2_000);
    expect(await peer.hear()).toBe('FAIL\t1\tuser=alice@example.org');
    peer.say('AUTH\t4\tLOGIN');
    expect(await peer.hear()).toBe('CONT\t4\tVXNlcm5hbWU6');
  });

  it('cut off a master that lets a long listing pile up', async () => {
    await start({ maxUnreadBytes: 1_000 });
    using peer = new Peer(path('master'));
    peer.say('VERSION\t1\t2');
    await peer.hear();
    peer.stopReading();
    const questions = Array.from({ length: 30_000 }, (_, n) => `USER\t${n}\tnobody@example.org\tservice=lmtp`);
    peer.say(...questions);
    const unread = new Promise<void>((resolve) => {
      const push = events.push.bind(events);
      events.push = (...added) => {
        resolve();
        return push(...added);
      };
    });
    await unread;
    expect(rejections()).toEqual(['peer-not-reading']);
  });
});

describe('a master that breaks the protocol', () => {
  it.each([
    ['a command of the client', 'VERSION\t1\t2\nCPID\t7\n', 'unknown-command'],
    ['no version', 'USER\t1\talice@example.org\n', 'out-of-order'],
    ['another version', 'VERSION\t9\t1\n', 'unsupported-version'],
    ['a lookup of nobody', 'VERSION\t1\t2\nUSER\t1\n', 'malformed-command'],
    ['half a cookie', 'VERSION\t1\t2\nREQUEST\t1\t2\t3\tabcdef\n', 'malformed-command'],
    ['a listing without an id', 'VERSION\t1\t2\nLIST\n', 'malformed-command'],
  ])('with %s is cut off, with one event', async (_, bytes, code) => {
    await start();
    using peer = new Peer(path('master'));
    peer.write(bytes);
    await peer.hearUntil('(closed)');
    expect(rejections()).toEqual([code]);
  });
});
