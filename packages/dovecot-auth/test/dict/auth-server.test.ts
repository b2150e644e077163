import { createCipheriv, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDictAuthServer } from '@postern/dovecot-auth';
import type { AuthBackend, DictServer, DoorEvent, LoginAttempt } from '@postern/dovecot-auth';
import { backend } from '../backend.ts';
import { Peer } from '../peer.ts';

const passwordKey = Uint8Array.from({ length: 32 }, (_, n) => n);

/** What Dovecot's `%{encrypt;algo=aes-256-cbc,key=…:password}` makes of a password. */
function encrypted(password: string, key = passwordKey): string {
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const secret = Buffer.concat([cipher.update(password, 'utf8'), cipher.final()]);
  return `${iv.toString('hex')}$${secret.toString('hex')}$`;
}

let directory: string;
let server: DictServer;
let peer: Peer;
let attempts: LoginAttempt[];
let events: DoorEvent[];

const recording: AuthBackend = {
  ...backend,
  async verify(attempt) {
    attempts.push(attempt);
    return backend.verify(attempt);
  },
};

beforeEach(async () => {
  directory = mkdtempSync('/tmp/dovecot-auth-');
  attempts = [];
  events = [];
  server = createDictAuthServer({ backend: recording, passwordKey, onEvent: (event) => events.push(event) });
  await server.listen({ client: [{ path: join(directory, 'dict') }] });
  peer = new Peer(join(directory, 'dict'));
  peer.say('H3\t2\t0\t\tauth');
});

afterEach(async () => {
  peer[Symbol.dispose]();
  await server.close({ drainMs: 0 });
  rmSync(directory, { recursive: true });
});

async function ask(key: string): Promise<unknown> {
  peer.say(`Lshared/${key}\t`);
  const answer = await peer.hear();
  return answer.startsWith('O') ? JSON.parse(answer.slice(1)) : answer;
}

describe('a login through the dict door', () => {
  it('is accepted with everything that the mail process needs', async () => {
    const key = `passdb/imap/127.0.0.1/${encrypted('correct horse')}/alice@example.org`;
    expect(await ask(key)).toEqual({
      nopassword: 'y',
      userdb_uid: '5000',
      userdb_gid: '5000',
      userdb_home: '/var/mail/v/alice@example.org',
    });
    expect(attempts).toEqual([expect.objectContaining({ service: 'imap', remoteAddress: '127.0.0.1' })]);
    expect(events).toEqual([
      expect.objectContaining({ kind: 'login.answered', connection: 1, service: 'imap', outcome: 'accepted' }),
    ]);
  });

  it.each([
    ['alice@example.org', 'N'],
    ['carol@example.org', { noauthenticate: 'y', reason: 'Password too short: * BYE at least 9' }],
    ['bob@example.org', { noauthenticate: 'y', reason: 'Blocked by the operator' }],
    ['dave@example.org', 'Ftemporary failure'],
    ['no/such@example.org', 'N'],
  ])('with a wrong password for %s is answered %j', async (user, answer) => {
    expect(await ask(`passdb/smtp//${encrypted('wrong')}/${user}`)).toEqual(answer);
  });

  it('without a password asks nobody to verify, and gives a password that nobody has', async () => {
    expect(await ask('passdb/lmtp///alice@example.org')).toEqual({
      password: expect.stringMatching(/^\{PLAIN\}[0-9a-f]{48}$/),
    });
    expect(await ask('passdb/lmtp///nobody@example.org')).toBe('N');
    expect(attempts).toEqual([]);
  });

  it.each([
    ['in clear', 'passdb/imap//correct horse/alice@example.org'],
    ['encrypted with another key', `passdb/imap//${encrypted('correct horse', new Uint8Array(32))}/alice@example.org`],
    ['cut off', `passdb/imap//${encrypted('correct horse').slice(0, 40)}$/alice@example.org`],
  ])('with a password %s fails temporarily: it is a mistake in the configuration', async (_, key) => {
    expect(await ask(key)).toBe('Ftemporary failure');
    expect(attempts).toEqual([]);
  });
});

describe('a lookup through the dict door', () => {
  it.each([
    ['alice@example.org', { uid: '5000', gid: '5000', home: '/var/mail/v/alice@example.org' }],
    ['nobody@example.org', 'N'],
    ['dave@example.org', 'Ftemporary failure'],
  ])('of %s is answered %j', async (user, answer) => {
    expect(await ask(`userdb/${user}`)).toEqual(answer);
  });

  it('lists every user, or those that match', async () => {
    peer.say('I0\t0\tshared/userdb/\t');
    const rows = ['Oshared/userdb/alice@example.org\t', 'Oshared/userdb/bob@example.org\t', ''];
    expect(await peer.hearUntil('')).toEqual(rows);
  });
});

it('needs a key of 32 bytes', () => {
  expect(() => createDictAuthServer({ backend, passwordKey: new Uint8Array(16) })).toThrow('16 bytes instead of 32');
});
