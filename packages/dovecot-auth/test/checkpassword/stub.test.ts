import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCheckpasswordServer } from '@postern/dovecot-auth';
import type { CheckpasswordServer, DoorEvent } from '@postern/dovecot-auth';
import { backend } from '../backend.ts';
import { Peer } from '../peer.ts';

const stub = join(import.meta.dirname, '../../dovecot/checkpassword');

let directory: string;
let server: CheckpasswordServer;
let events: DoorEvent[];
const socket = (): string => join(directory, 'checkpassword');

beforeEach(async () => {
  directory = mkdtempSync('/tmp/dovecot-auth-');
  events = [];
  server = createCheckpasswordServer({ backend, onEvent: (event) => events.push(event) });
  await server.listen({ client: [{ path: socket() }] });
  // Stands where Dovecot has its checkpassword-reply: shows what it would have been told.
  writeFileSync(
    join(directory, 'reply'),
    '#!/bin/sh\nenv | grep -E "^(USER|HOME|EXTRA|AUTHORIZED|userdb_)" | sort\nexit 42\n',
    { mode: 0o755 },
  );
});

afterEach(async () => {
  await server.close({ drainMs: 0 });
  rmSync(directory, { recursive: true });
});

/** Runs the stub as Dovecot does: the credentials on file descriptor 3. */
async function run(
  input: string,
  env: Record<string, string> = {},
  path = socket(),
): Promise<{ code: number | null; told: string[] }> {
  const child = spawn(stub, [path, join(directory, 'reply')], {
    env: { PATH: process.env['PATH'], SERVICE: 'imap', ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  let output = '';
  child.stdout?.on('data', (part) => (output += String(part)));
  const given = child.stdio[3];
  if (given === null || given === undefined || !('end' in given)) throw new Error('the stub has no descriptor 3');
  given.on('error', () => {}); // it may exit without reading
  given.end(input);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, told: output.split('\n').filter((line) => line !== '') };
}

const alice = [
  'EXTRA=userdb_uid userdb_gid',
  'HOME=/var/mail/v/alice@example.org',
  'USER=alice@example.org',
  'userdb_gid=5000',
  'userdb_uid=5000',
];

describe('the checkpassword stub', () => {
  it('runs the reply program with what Dovecot has to know', async () => {
    const { code, told } = await run('alice@example.org\0correct horse\0\0');
    expect(code).toBe(42);
    expect(told.toSorted()).toEqual(alice);
  });

  it('looks users up without a password', async () => {
    const { code, told } = await run('alice@example.org\0\0\0', { AUTHORIZED: '1' });
    expect(code).toBe(42);
    expect(told.toSorted()).toEqual(['AUTHORIZED=2', ...alice].toSorted());
  });

  it.each([
    ['a wrong password', 'alice@example.org\0wrong\0\0', {}, 1],
    ['a blocked account', 'bob@example.org\0x\0\0', {}, 1],
    ['our own failure', 'dave@example.org\0x\0\0', {}, 111],
    ['an unknown user', 'nobody@example.org\0\0\0', { AUTHORIZED: '1' }, 3],
    ['a lookup that fails', 'dave@example.org\0\0\0', { AUTHORIZED: '1' }, 111],
    ['a lookup of credentials of nobody', 'nobody@example.org\0\0\0', { CREDENTIALS_LOOKUP: '1' }, 3],
    ['no input', '', {}, 111],
    ['a name only', 'alice@example.org', {}, 111],
  ])('exits after %s with the code that Dovecot expects', async (_, input, env, code) => {
    expect(await run(input, env)).toEqual({ code, told: [] });
  });

  it('fails temporarily when nobody is there to ask', async () => {
    expect(await run('alice@example.org\0correct horse\0\0', {}, join(directory, 'nobody'))).toEqual({
      code: 111,
      told: [],
    });
  });
});

describe('the checkpassword door', () => {
  it.each([
    ['garbage', '\xff\xfe\n', 'unknown-command'],
    ['an empty line', '\n', 'unknown-command'],
    ['a field that is not hex', 'login alice x\n', 'malformed-command'],
    ['a huge line', 'login '.repeat(20_000), 'line-too-long'],
  ])('cuts off %s, with one event', async (_, bytes, code) => {
    using peer = new Peer(socket());
    peer.write(bytes);
    await peer.hearUntil('(closed)');
    expect(events).toEqual([
      expect.objectContaining({ kind: 'peer.rejected', error: expect.objectContaining({ code }) }),
    ]);
  });

  it('answers one question a connection', async () => {
    using peer = new Peer(socket());
    peer.say('lookup 00', 'lookup 00');
    expect(await peer.hearUntil('(closed)')).toEqual(['unknown', '(closed)']);
  });
});
