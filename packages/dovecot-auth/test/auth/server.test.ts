import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthServer } from '@postern/dovecot-auth';
import type { AuthBackend, AuthServer, DoorEvent, Limits } from '@postern/dovecot-auth';
import { backend } from '../backend.ts';
import { Peer } from '../peer.ts';

let directory: string;
let server: AuthServer;
let events: DoorEvent[];
const peers: Peer[] = [];

const plain = (user: string, password: string): string => Buffer.from(`\0${user}\0${password}`).toString('base64');

async function start(limits: Partial<Limits> = {}, overrides: Partial<AuthBackend> = {}): Promise<void> {
  server = createAuthServer({
    backend: { ...backend, ...overrides },
    limits: { failureDelayMs: 0, ...limits },
    onEvent: (event) => events.push(event),
  });
  await server.listen({ client: [{ path: path('client') }], master: [{ path: path('master') }] });
}

const path = (name: string): string => join(directory, name);

const connectPeer = (name: string): Peer => {
  const peer = new Peer(path(name));
  peers.push(peer);
  return peer;
};

async function loginProcess(pid = 4633): Promise<{ peer: Peer; cookie: string; serverPid: string }> {
  const peer = connectPeer('client');
  peer.say('VERSION\t1\t3', `CPID\t${pid}`);
  const handshake = await peer.hearUntil('DONE');
  const valueOf = (name: string): string =>
    handshake.find((line) => line.startsWith(`${name}\t`))?.slice(name.length + 1) ?? '';
  return { peer, cookie: valueOf('COOKIE'), serverPid: valueOf('SPID') };
}

async function mailProcess(): Promise<{ peer: Peer; serverPid: string }> {
  const peer = connectPeer('master');
  peer.say('VERSION\t1\t2');
  await peer.hear();
  return { peer, serverPid: (await peer.hear()).replace('SPID\t', '') };
}

beforeEach(() => {
  directory = mkdtempSync('/tmp/dovecot-auth-');
  events = [];
});

afterEach(async () => {
  for (const peer of peers.splice(0)) peer[Symbol.dispose]();
  await server.close({ drainMs: 0 });
  rmSync(directory, { recursive: true });
});

describe('a login', () => {
  it('is accepted, and claimed once by the mail process that was told its cookie', async () => {
    await start();
    const login = await loginProcess();
    const mail = await mailProcess();
    login.peer.say(`AUTH\t1\tPLAIN\tservice=imap\trip=127.0.0.1\tresp=${plain('Alice@Example.org', 'correct horse')}`);
    expect(await login.peer.hear()).toBe('OK\t1\tuser=alice@example.org');
    mail.peer.say(`REQUEST\t77\t4633\t1\t${login.cookie}\tsession_pid=9\trequest_auth_token`);
    expect(await mail.peer.hear()).toBe(
      'USER\t77\talice@example.org\tuid=5000\tgid=5000\thome=/var/mail/v/alice@example.org',
    );
    mail.peer.say(`REQUEST\t78\t4633\t1\t${login.cookie}`);
    expect(await mail.peer.hear()).toBe('FAIL\t78');
    expect(mail.serverPid).toBe(login.serverPid);
  });

  it.each([
    ['wrong password', 'alice@example.org', 'wrong', 'FAIL\t1\tuser=alice@example.org'],
    [
      'blocked',
      'bob@example.org',
      'x',
      'FAIL\t1\tuser=bob@example.org\tcode=user_disabled\treason=Blocked by the operator',
    ],
    [
      'refused with a reason, on one line',
      'carol@example.org',
      'x',
      'FAIL\t1\tuser=carol@example.org\treason=Password too short: * BYE at least 9',
    ],
    ['failed by us', 'dave@example.org', 'x', 'FAIL\t1\tuser=dave@example.org\tcode=temp_fail\ttemp'],
    ['a name that cannot exist', 'a/../b@example.org', 'x', 'FAIL\t1'],
  ])('is answered: %s', async (_, user, password, answer) => {
    await start();
    const { peer } = await loginProcess();
    peer.say(`AUTH\t1\tPLAIN\tservice=smtp\tnologin\tresp=${plain(user, password)}`);
    expect(await peer.hear()).toBe(answer);
  });

  it('cannot be claimed with another pid, id or cookie', async () => {
    await start();
    const login = await loginProcess();
    const mail = await mailProcess();
    login.peer.say(`AUTH\t1\tPLAIN\tprotocol=imap\tresp=${plain('alice@example.org', 'correct horse')}`);
    await login.peer.hear();
    mail.peer.say(
      `REQUEST\t1\t4634\t1\t${login.cookie}`,
      `REQUEST\t2\t4633\t2\t${login.cookie}`,
      `REQUEST\t3\t4633\t1\t${'0'.repeat(32)}`,
      `REQUEST\t4\t4633\t1\t${login.cookie}`,
    );
    const answers = [await mail.peer.hear(), await mail.peer.hear(), await mail.peer.hear(), await mail.peer.hear()];
    expect(answers.map((answer) => answer.split('\t')[0])).toEqual(['FAIL', 'FAIL', 'FAIL', 'USER']);
  });

  it('is not handed over when the account was blocked or deleted since, or nobody knows', async () => {
    const answers = [async () => false, () => Promise.reject(new Error('the database is away')), async () => true];
    await start({}, { stillHolds: async () => (answers.shift() ?? (async () => false))() });
    const login = await loginProcess();
    const mail = await mailProcess();
    const heard: string[] = [];
    for (const id of [1, 2, 3]) {
      login.peer.say(`AUTH\t${id}\tPLAIN\tprotocol=imap\tresp=${plain('alice@example.org', 'correct horse')}`);
      await login.peer.hear();
      mail.peer.say(`REQUEST\t${id}\t4633\t${id}\t${login.cookie}`);
      heard.push(await mail.peer.hear());
    }
    expect(heard.map((answer) => answer.split('\t')[0])).toEqual(['FAIL', 'FAIL', 'USER']);
  });

  it('may be typed in two steps (LOGIN) or after an empty challenge (PLAIN)', async () => {
    await start();
    const { peer } = await loginProcess();
    peer.say('AUTH\t1\tLOGIN\tservice=smtp', 'AUTH\t2\tPLAIN\tservice=smtp');
    expect(await peer.hear()).toBe('CONT\t1\tVXNlcm5hbWU6');
    expect(await peer.hear()).toBe('CONT\t2\t');
    peer.say(`CONT\t1\t${Buffer.from('alice@example.org').toString('base64')}`);
    expect(await peer.hear()).toBe('CONT\t1\tUGFzc3dvcmQ6');
    peer.say(`CONT\t1\t${Buffer.from('correct horse').toString('base64')}`);
    expect(await peer.hear()).toBe('OK\t1\tuser=alice@example.org');
    peer.say(`CONT\t2\t${plain('alice@example.org', 'correct horse')}`);
    expect(await peer.hear()).toBe('OK\t2\tuser=alice@example.org');
  });
});

describe('a lookup', () => {
  it.each([
    [
      'a known user',
      'USER\t1\tAlice@example.org\tservice=lmtp',
      'USER\t1\talice@example.org\tuid=5000\tgid=5000\thome=/var/mail/v/alice@example.org',
    ],
    ['an unknown user', 'USER\t1\tnobody@example.org\tservice=lmtp', 'NOTFOUND\t1'],
    ['a name that cannot exist', 'USER\t1\t../etc/passwd\tservice=lmtp', 'NOTFOUND\t1'],
    ['a backend that fails', 'USER\t1\tdave@example.org\tservice=lmtp', 'FAIL\t1'],
    [
      'a password lookup without a password',
      'PASS\t1\talice@example.org\tservice=lmtp',
      'PASS\t1\tuser=alice@example.org',
    ],
    ['a cache that we do not have', 'CACHE-FLUSH\t1', 'OK\t1\t0'],
  ])('answers %s', async (_, question, answer) => {
    await start();
    const { peer } = await mailProcess();
    peer.say(question);
    expect(await peer.hear()).toBe(answer);
  });

  it('lists the users whose names match', async () => {
    await start();
    const { peer } = await mailProcess();
    peer.say('LIST\t3\tuser=*');
    const everybody = ['LIST\t3\talice@example.org', 'LIST\t3\tbob@example.org', 'DONE\t3\t'];
    expect(await peer.hearUntil('DONE\t3\t')).toEqual(everybody);
    peer.say('LIST\t4\tuser=B*');
    expect(await peer.hearUntil('DONE\t4\t')).toEqual(['LIST\t4\tbob@example.org', 'DONE\t4\t']);
  });

  it('says when a listing is not complete', async () => {
    await start(
      {},
      {
        async *users() {
          yield 'alice@example.org';
          throw new Error('the database is away');
        },
      },
    );
    const { peer } = await mailProcess();
    peer.say('LIST\t3\tservice=doveadm');
    expect((await peer.hearUntil('DONE\t3\tfail')).at(-1)).toBe('DONE\t3\tfail');
  });
});
