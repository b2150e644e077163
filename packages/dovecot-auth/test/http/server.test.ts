import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpAuthServer } from '@postern/dovecot-auth';
import type { DoorEvent, HttpAuthServer } from '@postern/dovecot-auth';
import { backend } from '../backend.ts';
import { Peer } from '../peer.ts';

let directory: string;
let server: HttpAuthServer;
let events: DoorEvent[];

beforeEach(async () => {
  directory = mkdtempSync('/tmp/dovecot-auth-');
  events = [];
  server = createHttpAuthServer({ backend, onEvent: (event) => events.push(event), limits: { maxLineBytes: 10_000 } });
  await server.listen({ client: [{ path: join(directory, 'http') }] });
});

afterEach(async () => {
  await server.close({ drainMs: 0 });
  rmSync(directory, { recursive: true });
});

const hex = (text: string): string => Buffer.from(text).toString('hex');
const unhex = (text: string): string =>
  text.replace(/=([0-9a-f]+)/g, (_, digits: string) => `=${Buffer.from(digits, 'hex').toString()}`);

/** As Dovecot's HTTP client asks through `proxy_socket_path`: with the whole address in the request line. */
async function ask(
  question: string,
  fields: Record<string, string> | string,
  method = 'POST',
): Promise<{ status: number; body: string }> {
  const body =
    typeof fields === 'string'
      ? fields
      : Object.entries(fields)
          .map(([name, value]) => `${name}=${hex(value)}\n`)
          .join('');
  const sent = request({ socketPath: join(directory, 'http'), path: `http://postern/${question}`, method });
  const responded = new Promise<IncomingMessage>((resolve, reject) => {
    sent.on('response', resolve).on('error', reject);
  });
  sent.end(body);
  const response = await responded;
  let text = '';
  for await (const part of response) text += String(part);
  return { status: response.statusCode ?? 0, body: text };
}

const found = 'uid=5000\ngid=5000\nhome=/var/mail/v/alice@example.org\n';

describe('the HTTP door', () => {
  it.each([
    [
      'a right password',
      'login',
      { user: 'Alice@example.org', password: 'correct horse', service: 'imap', address: '::1' },
      `accepted\n${found}`,
    ],
    ['a wrong password', 'login', { user: 'alice@example.org', password: 'wrong' }, 'refused\n'],
    [
      'a refusal with its reason',
      'login',
      { user: 'carol@example.org', password: 'x' },
      'refused\nreason=Password too short: * BYE at least 9\n',
    ],
    [
      'a blocked account',
      'login',
      { user: 'bob@example.org', password: 'x' },
      'disabled\nreason=Blocked by the operator\n',
    ],
    ['a name that cannot exist', 'login', { user: '../x', password: 'x' }, 'refused\n'],
    ['a known user', 'lookup', { user: 'alice@example.org' }, `found\n${found}`],
    ['an unknown user', 'lookup', { user: 'nobody@example.org' }, 'unknown\n'],
    ['a name that nobody can have', 'lookup', { user: '../x' }, 'unknown\n'],
  ])('answers for %s', async (_, question, fields, answer) => {
    const { status, body } = await ask(question, fields);
    expect([status, unhex(body)]).toEqual([200, answer]);
  });

  it.each([
    ['login', { user: 'dave@example.org', password: 'x' }],
    ['lookup', { user: 'dave@example.org' }],
  ])('says 503 when we fail at %s', async (question, fields) => {
    expect(await ask(question, fields)).toEqual({ status: 503, body: '' });
  });

  it('lists the users, one name a line', async () => {
    const { body } = await ask('users', '');
    expect(body).toBe('alice@example.org\nbob@example.org\n');
  });

  it('breaks off a listing that breaks off, so that nobody takes it for whole', async () => {
    await server.close();
    server = createHttpAuthServer({
      backend: {
        ...backend,
        async *users() {
          yield 'alice@example.org'.repeat(10_000);
          throw new Error('the database is away');
        },
      },
    });
    await server.listen({ client: [{ path: join(directory, 'http') }] });
    await expect(ask('users', '')).rejects.toThrow('aborted');
  });

  it.each([
    ['no question that there is', 'nonsense', {}],
    ['a login without a password', 'login', { user: 'alice@example.org' }],
    ['no hex', 'lookup', 'user=alice'],
    ['half a byte', 'lookup', 'user=616'],
    ['a name twice', 'lookup', `user=${hex('a')}\nuser=${hex('b')}\n`],
    ['a huge body', 'lookup', `user=${'61'.repeat(10_000)}`],
  ])('answers 400 to %s, with one event', async (_, question, fields) => {
    expect((await ask(question, fields)).status).toBe(400);
    expect(events.map(({ kind }) => kind)).toEqual(['peer.rejected']);
  });

  it('answers nothing to a GET', async () => {
    expect((await ask('users', '', 'GET')).status).toBe(400);
  });

  it.each([
    ['garbage', '\0\x01\x02\n\n'],
    ['a huge header', `POST /login HTTP/1.1\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`],
  ])('cuts off %s, with one event', async (_, bytes) => {
    using peer = new Peer(join(directory, 'http'));
    peer.write(bytes);
    await peer.hearUntil('(closed)');
    expect(events.map(({ kind }) => kind)).toEqual(['peer.rejected']);
  });
});
