import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Milter, MilterServer } from '@postern/milter';
import { TestMta } from '@postern/milter/testing';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { createMessage, encrypt } from 'openpgp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeyLookup } from '../../../src/mail/dkim/key-lookup.ts';
import { allowedHeaders } from '../../../src/mail/header-privacy.ts';
import { createIncomingFilter } from '../../../src/mail/incoming-filter.ts';
import type { Limiter } from '../../../src/mail/limiter.ts';
import { createReportFilter } from '../../../src/mail/report-filter.ts';
import { createSubmissionFilter } from '../../../src/mail/submission-filter.ts';
import { ed25519, type Fields, recordOf, rsa, signed, signing, wire } from './signed-mail.ts';

const alice = 'alice@chat.example';
const limiter: Limiter = {
  open: () => ({ ask: () => Promise.resolve({ kind: 'granted', heldMs: 0 }), commit: () => {}, refund: () => {} }),
};
const onEvent = (): void => {};
let folder: string;
let server: MilterServer | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-filter-'));
});
afterEach(async () => {
  await server?.close({ drainMs: 0 });
  rmSync(folder, { recursive: true });
});

async function ask(milter: Milter, macros: Readonly<Record<string, string>> = {}): Promise<TestMta> {
  const path = join(folder, 'filter.sock');
  server = await milter.listen({ path });
  return new TestMta({ path }, { macros });
}

const armored = await encrypt({ message: await createMessage({ text: 'x' }), passwords: 'secret', format: 'armored' });
const body = `--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n${armored.trim().replace(/\r?\n/g, '\r\n')}\r\n\r\n--b--\r\n`;
const headers = [
  ['From', ` Alice Secretname <${alice}>`],
  ['To', ' Bob Secretname <bob@other.example>,\n Carol <carol@other.example>'],
  ['Subject', ' secret plans'],
  ['X-Mailer', ' Secret'],
  ['Message-ID', ' <id@localhost>'],
  ['MIME-Version', ' 1.0'],
  ['Content-Type', ' multipart/encrypted; protocol="application/pgp-encrypted";\n\tboundary="b"'],
] as const;

type Left = { readonly headers: readonly (readonly [string, string | Uint8Array])[] };

async function verdicts({ headers: left }: Left, text: string): Promise<string[]> {
  const fields: Fields = left.map(([name, value]) => [
    name,
    Buffer.from(` ${Buffer.from(value).toString('latin1')}`, 'latin1'),
  ]);
  const { results } = await dkimVerify(wire(fields, [Buffer.from(text)]), {
    resolver: (name) => Promise.resolve([[recordOf(name.startsWith('ed') ? ed25519 : rsa)]]),
  });
  return results.map(({ status }) => status.result);
}

describe('the filter for submission', () => {
  const filter = (): Milter =>
    createSubmissionFilter({
      limiter,
      standings: { standing: () => Promise.resolve({ kind: 'good' }) },
      now: () => 0,
      allowedHeaders: allowedHeaders(),
      signing: signing({ rsa, ed25519 }),
      onEvent,
    });

  it('signs what leaves as it leaves, after its own changes', async () => {
    const mta = await ask(filter(), { auth_authen: alice });
    const { outcome, message } = await mta.deliver({ from: alice, to: ['bob@other.example'], headers, body });
    expect(outcome).toBe('accepted');
    expect(await verdicts(message, body)).toEqual(['pass', 'pass']);
    expect(JSON.stringify(message.headers)).not.toMatch(/secretname|plans/i);
  });

  it.each([
    [['carol@chat.example'], 0],
    [['CAROL@Chat.Example', 'dave@chat.example'], 0],
    [['carol@chat.example', 'bob@other.example'], 2],
    [['eve@notchat.example'], 2],
  ])('adds to a message to %s as many signatures: %i', async (to, count) => {
    const mta = await ask(filter(), { auth_authen: alice });
    const { message } = await mta.deliver({ from: alice, to, headers, body });
    expect(message.headers.filter(([name]) => name === 'DKIM-Signature')).toHaveLength(count);
  });
});

describe('the filter for reports', () => {
  it('signs those that leave, and no others', async () => {
    const mta = await ask(createReportFilter({ signing: signing({ rsa }), onEvent }));
    const report = {
      from: '',
      headers: [['From', ' MAILER-DAEMON@chat.example (Mail Delivery System)']] as const,
      body: 'x\r\n',
    };
    const [away, local] = await mta.deliverAll([
      { ...report, to: ['bob@other.example'] },
      { ...report, to: [alice] },
    ]);
    expect(away === undefined ? [] : await verdicts(away.message, 'x\r\n')).toEqual(['pass']);
    expect(local?.message.headers).toHaveLength(1);
  });
});

describe('the filter for incoming mail', () => {
  const asked: string[] = [];
  const filter = (refusesCleartext = false): Milter => {
    asked.length = 0;
    const lookUp = (name: string): Promise<string[][]> => {
      asked.push(name);
      return Promise.resolve([[recordOf(rsa)]]);
    };
    const preferences = { refuses: () => Promise.resolve(false) };
    return createIncomingFilter({
      refusesCleartext,
      preferences,
      keys: new KeyLookup(lookUp, () => 0),
      limiter,
      onEvent,
    });
  };
  const from = (value: string): Fields => [['From', ` ${value}`]];
  const message = (fields: Fields, text = 'readable\r\n') => ({
    from: 'bob@other.example',
    to: [alice],
    headers: fields.map(([name, value]) => [name, value.toString()] as const),
    body: text,
  });
  const bySigner = (fields: Fields): Fields =>
    signed(fields, [Buffer.from('readable\r\n')], signing({ rsa }, 'other.example'));

  it('asks DNS about no message that is refused for less', async () => {
    const mta = await ask(filter(true));
    expect(await mta.deliver(message(bySigner(from('bob@other.example'))))).toMatchObject({
      reply: '523 5.7.1 Encryption Needed: Invalid Unencrypted Mail',
    });
    expect(asked).toEqual([]);
  });

  it.each([
    'bob@other.example',
    '<bob@OTHER.example>',
    '"Bob, from work" <bob@other.example>',
    'bob@other.example (Bob)',
    '(a@b.example) bob@other.example',
    '=?utf-8?q?B=C3=B6b?= <bob@other.example>',
  ])('reads the author in From: %s', async (value) => {
    const mta = await ask(filter());
    expect(await mta.deliver(message(bySigner(from(value))))).toMatchObject({ outcome: 'accepted' });
  });

  it.each([
    ['two authors', from('bob@other.example, boss@other.example')],
    ['two From fields', [...from('bob@other.example'), ...from('bob@other.example')]],
    ['an author of another domain', from('bob@evil.example')],
    ['an author of a domain below', from('bob@mail.other.example')],
    ['an author who only has that name', from('"bob@other.example" <bob@evil.example>')],
    ['a quoted local part', from('"bob@other.example "@evil.example')],
    ['an empty From', from('')],
  ])('takes a signature for nothing with %s', async (_, fields) => {
    const mta = await ask(filter());
    expect(await mta.deliver(message(bySigner(fields)))).toMatchObject({
      reply: '554 5.7.1 No valid DKIM signature found',
    });
  });

  it.each([
    ['bob@other.example', 'bob@other.example', []],
    ['BOB@other.example', 'bob@other.example', []],
    ['list-bounces@other.example', 'bob@other.example', ['changeSender']],
    ['SRS0=x=y=other.example=bob@forwarder.example', 'bob@other.example', ['changeSender']],
  ])('lets reports go to %s when the author is %s, or to nobody: %j', async (sender, author, edits) => {
    const mta = await ask(filter());
    const delivery = await mta.deliver({ ...message(bySigner(from(author))), from: sender });
    expect(delivery.edits.map(({ kind }) => kind)).toEqual(edits);
  });

  it.each([
    ['[192.0.2.1]', '192.0.2.1', []],
    ['[192.0.2.1]', '192.0.2.2', ['changeSender']],
    ['[127.0.0.1]', '127.0.0.1', ['changeSender']], // came over HTTPS
    ['[IPv6:2001:DB8:0::1]', '2001:db8::1', []],
    ['[ipv6:2001:db8::1]', '2001:db8::2', ['changeSender']],
  ])(
    'lets reports go to an author at %s when the client is at %s, or to nobody: %j',
    async (domain, address, edits) => {
      const mta = await ask(filter());
      const sender = `bob@${domain}`;
      const literal = headers.map(([name, value]) => [name, name === 'From' ? ` <${sender}>` : value] as const);
      const client = { hostname: `[${address}]`, address };
      const delivery = await mta.deliver({ ...message(literal, body), from: sender, client });
      expect(delivery.outcome).toBe('accepted');
      expect(delivery.edits.map(({ kind }) => kind)).toEqual(edits);
    },
  );

  it('takes encrypted mail from an address literal as it is, readable mail not', async () => {
    const mta = await ask(filter());
    const literal = headers.map(([name, value]) => [name, name === 'From' ? ' <bob@[192.0.2.1]>' : value] as const);
    expect(await mta.deliver(message(literal, body))).toMatchObject({ outcome: 'accepted' });
    expect(await mta.deliver(message(from('bob@[192.0.2.1]')))).toMatchObject({
      reply: '554 5.7.1 No DKIM signature found',
    });
    expect(asked).toEqual([]);
  });
});
