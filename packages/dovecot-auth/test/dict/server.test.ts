import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDictServer } from '@postern/dovecot-auth';
import type { DictHandlers, DictServer, DictTransaction, DoorEvent } from '@postern/dovecot-auth';
import { Peer } from '../peer.ts';

let directory: string;
let server: DictServer;
let events: DoorEvent[];
let committed: { user: string; transaction: DictTransaction }[];
const path = (): string => join(directory, 'dict');

const values = new Map<string, string | string[]>([
  ['shared/greeting', 'hello'],
  ['shared/many', ['one\ttwo', 'three']],
  ['shared/odd', 'a\tb\nc\x01d'],
]);

const handlers: DictHandlers = {
  async lookup(key) {
    if (key === 'shared/broken') throw new Error('the disk is full');
    return values.get(key);
  },
  async *iterate({ path }) {
    if (path === 'shared/broken/') throw new Error('the disk is full');
    yield [`${path}a`, '1'];
    yield [`${path}b`, '2'];
    yield [`${path}c`, '3'];
  },
  async commit(transaction, { user }) {
    if (user === 'broken') throw new Error('the disk is full');
    if (user === 'mallory') return 'refused';
    committed.push({ user, transaction });
    return transaction.changes.some(({ key }) => key === 'shared/missing') ? 'not-found' : 'committed';
  },
};

beforeEach(async () => {
  directory = mkdtempSync('/tmp/dovecot-auth-');
  events = [];
  committed = [];
  server = createDictServer({ handlers: { notes: handlers, nothing: {} }, onEvent: (event) => events.push(event) });
  await server.listen({ client: [{ path: path() }] });
});

afterEach(async () => {
  await server.close({ drainMs: 0 });
  rmSync(directory, { recursive: true });
});

const rejections = (): string[] =>
  events.flatMap((event) => (event.kind === 'peer.rejected' ? [event.error.code] : []));

function client(hello = 'H3\t2\t0\t\tnotes'): Peer {
  const peer = new Peer(path());
  peer.say(hello);
  return peer;
}

describe('a dict', () => {
  it.each([
    ['a value', 'Lshared/greeting\talice', 'Ohello'],
    ['several values, escaped twice', 'Lshared/many', 'Mone\x011ttwo\x01tthree'],
    ['a value full of separators', 'Lshared/odd', 'Oa\x01tb\x01nc\x011d'],
    ['nothing', 'Lshared/nowhere\t', 'N'],
    ['a failure of ours', 'Lshared/broken\t', 'Ftemporary failure'],
  ])('answers with %s', async (_, question, answer) => {
    using peer = client();
    peer.say(question);
    expect(await peer.hear()).toBe(answer);
  });

  it.each(['H3\t2\t0\t\tnotes', 'H4\t0\t0\t\tnotes'])('is open to version %s', async (hello) => {
    using peer = client(hello);
    peer.say('Lshared/greeting\t');
    expect(await peer.hear()).toBe('Ohello');
  });

  it('answers in the order of the questions', async () => {
    using peer = client();
    peer.say('Lshared/greeting\t', 'I0\t0\tshared/\t', 'Lshared/nowhere\t');
    const answers = ['Ohello', 'Oshared/a\t1', 'Oshared/b\t2', 'Oshared/c\t3', '', 'N'];
    for (const answer of answers) expect(await peer.hear()).toBe(answer);
  });

  it('lists as many rows as are wanted, without values if they are not', async () => {
    using peer = client();
    peer.say('I8\t2\tshared/\t');
    expect([await peer.hear(), await peer.hear(), await peer.hear()]).toEqual(['Oshared/a\t', 'Oshared/b\t', '']);
  });

  it('says that a listing failed', async () => {
    using peer = client();
    peer.say('I0\t0\tshared/broken/\t');
    expect(await peer.hear()).toBe('Ftemporary failure');
  });

  it('that lacks a method fails temporarily', async () => {
    using peer = client('H3\t2\t0\t\tnothing');
    peer.say('Lshared/greeting\t', 'I0\t0\tshared/\t', 'B1\talice', 'C1');
    expect([await peer.hear(), await peer.hear(), await peer.hear()]).toEqual([
      'Ftemporary failure',
      'Ftemporary failure',
      'F1\ttemporary failure',
    ]);
  });
});

describe('a transaction', () => {
  it('that is not wanted is refused, which is no failure of ours', async () => {
    using peer = client();
    peer.say('B1\tmallory\t0', 'S1\tshared/a\tx', 'C1', 'B2\talice\t0', 'S2\tshared/a\tx', 'C2');
    expect([await peer.hear(), await peer.hear()]).toEqual(['F1\tnot allowed', 'O2']);
    expect(events).toEqual([]);
  });

  it('makes all of its changes at its commit', async () => {
    using peer = client();
    peer.say(
      'B1\talice\t0',
      'V1\t1',
      'S1\tshared/a\tx\x01ty',
      'U1\tshared/b',
      'A1\tshared/c\t-5',
      'T1\t1795375500\t0',
      'C1',
    );
    expect(await peer.hear()).toBe('O1');
    expect(committed).toEqual([
      {
        user: 'alice',
        transaction: {
          expireSeconds: 0,
          timestampSeconds: 1_795_375_500,
          changes: [
            { kind: 'set', key: 'shared/a', value: 'x\ty' },
            { kind: 'unset', key: 'shared/b' },
            { kind: 'increment', key: 'shared/c', by: -5n },
          ],
        },
      },
    ]);
  });

  it('belongs to its connection: the same id of another one is another transaction', async () => {
    using alice = client();
    using bob = client();
    alice.say('B1\talice', 'Lshared/greeting\t');
    await alice.hear();
    bob.say('B1\tbob', 'S1\tshared/x\tof bob', 'Lshared/greeting\t');
    await bob.hear();
    alice.say('S1\tshared/x\tof alice', 'C1');
    await alice.hear();
    bob.say('C1');
    await bob.hear();
    expect(committed.map(({ user, transaction }) => [user, transaction.changes])).toEqual([
      ['alice', [{ kind: 'set', key: 'shared/x', value: 'of alice' }]],
      ['bob', [{ kind: 'set', key: 'shared/x', value: 'of bob' }]],
    ]);
  });

  it('that is rolled back, or whose connection ends, leaves nothing', async () => {
    {
      using lost = client();
      lost.say('B1\talice', 'S1\tshared/x\ty', 'Lshared/greeting\t');
      await lost.hear();
    }
    using peer = client();
    peer.say('B1\talice', 'S1\tshared/x\ty', 'R1', 'Lshared/greeting\t');
    await peer.hear();
    expect(committed).toEqual([]);
  });

  it.each([
    ['that failed', 'broken', 'S1\tshared/x\ty', 'C1', 'F1\ttemporary failure'],
    ['that found nothing to increment', 'alice', 'A1\tshared/missing\t1', 'C1', 'N1'],
    ['without anybody waiting (D)', 'alice', 'S1\tshared/x\ty', 'D1', 'AO1'],
  ])('%s says so', async (_, user, change, commit, answer) => {
    using peer = client();
    peer.say(`B1\t${user}`, change, commit);
    expect(await peer.hear()).toBe(answer);
  });
});

describe('a dict client that breaks the protocol', () => {
  const hello = 'H3\t2\t0\t\tnotes\n';
  it.each([
    ['garbage', '\xff\xfe\n', 'unknown-command'],
    ['a huge line', 'L'.repeat(70_000), 'line-too-long'],
    ['no greeting', 'Lshared/greeting\t\n', 'out-of-order'],
    ['two greetings', hello + hello, 'out-of-order'],
    ['another version', 'H2\t0\t0\t\tnotes\n', 'unsupported-version'],
    ['half a greeting', 'H3\t2\n', 'malformed-command'],
    ['a dict that is not here', 'H3\t2\t0\t\taccounts\n', 'malformed-command'],
    ['a dict named as something that every object has', 'H3\t2\t0\t\tconstructor\n', 'malformed-command'],
    ['an iteration without flags', `${hello}I\t\n`, 'malformed-command'],
    ['a change outside of a transaction', `${hello}S1\tshared/x\ty\n`, 'out-of-order'],
    ['a transaction twice', `${hello}B1\ta\nB1\ta\n`, 'out-of-order'],
    ['a commit of nothing', `${hello}C1\n`, 'out-of-order'],
    [
      'endless transactions',
      `${hello}${Array.from({ length: 101 }, (_, n) => `B${n}\ta\n`).join('')}`,
      'too-many-requests',
    ],
    ['an endless transaction', `${hello}B1\ta\n${'U1\tshared/x\n'.repeat(10_001)}`, 'too-many-requests'],
    ['an increment by a word', `${hello}B1\ta\nA1\tshared/x\tone\n`, 'malformed-command'],
  ])('with %s is cut off, with one event', async (_, bytes, code) => {
    using peer = new Peer(path());
    peer.write(bytes);
    await peer.hearUntil('(closed)');
    expect(rejections()).toEqual([code]);
  });
});
