import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MilterServer } from '@postern/milter';
import { TestMta } from '@postern/milter/testing';
import { createMessage, encrypt } from 'openpgp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FilterEvent } from '../../src/mail/filter-events.ts';
import { allowedHeaders } from '../../src/mail/header-privacy.ts';
import { createIncomingFilter } from '../../src/mail/incoming-filter.ts';
import type { SenderStandings } from '../../src/mail/sender-standing.ts';
import { createSubmissionFilter } from '../../src/mail/submission-filter.ts';
import { createLog } from '../../src/services/log.ts';
import { logFilter } from '../../src/services/filter-log.ts';
import { countsOf } from '../../src/services/counts.ts';
import { FilterMetrics } from '../../src/services/metrics.ts';
import { NotingLimiter } from './noting-limiter.ts';
import { alice, cleartextMail, encryptedBody, encryptedMail } from './sample-mail.ts';

let folder: string;
let limiter: NotingLimiter;
let server: MilterServer | undefined;
let events: FilterEvent[];
/** How the sender stands; a time at which the filter asks, and how often it did. */
const sender: { standing: Awaited<ReturnType<SenderStandings['standing']>> | undefined; now: number; asked: string[] } =
  {
    standing: { kind: 'good' },
    now: 0,
    asked: [],
  };
const onEvent = (event: FilterEvent): void => void events.push(event);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-filter-'));
  limiter = new NotingLimiter();
  events = [];
  Object.assign(sender, { standing: { kind: 'good' }, now: 0, asked: [] });
});
afterEach(async () => {
  await server?.close({ drainMs: 0 });
  rmSync(folder, { recursive: true });
});

async function submission(): Promise<TestMta> {
  const path = join(folder, 'submission.sock');
  server = await createSubmissionFilter({
    limiter,
    standings: {
      async standing(address) {
        sender.asked.push(address);
        if (sender.standing === undefined) throw new Error('the store is gone');
        return sender.standing;
      },
    },
    now: () => sender.now,
    allowedHeaders: allowedHeaders(),
    signing: undefined,
    onEvent,
  }).listen({ path });
  return new TestMta({ path }, { macros: { auth_authen: alice } });
}

async function incoming(refusing: readonly string[] | 'unknown' = []): Promise<TestMta> {
  const path = join(folder, 'incoming.sock');
  const refuses = (address: string): Promise<boolean> =>
    refusing === 'unknown' ? Promise.reject(new Error('gone')) : Promise.resolve(refusing.includes(address));
  server = await createIncomingFilter({
    refusesCleartext: false,
    preferences: { refuses },
    keys: undefined,
    limiter,
    onEvent,
  }).listen({ path });
  return new TestMta({ path });
}

describe('the filter for submission', () => {
  it('reserves for each recipient, spends when it accepts, and takes names out', async () => {
    const mta = await submission();
    const delivery = await mta.deliver({ ...encryptedMail, to: ['bob@other.example', 'carol@other.example'] });
    expect(delivery.outcome).toBe('accepted');
    expect(limiter.notes).toEqual([
      `from ${alice} asks 1/1/65536`,
      `from ${alice} asks 0/1/0`,
      `from ${alice} spent 1/2`,
    ]);
    expect(JSON.stringify(delivery.message.headers)).not.toMatch(/secretname|plans|mailer/i);
    expect(delivery.message.headers.map(([name]) => name)).toEqual([
      'From',
      'To',
      'Subject',
      'Message-ID',
      'MIME-Version',
      'Content-Type',
    ]);
  });

  it('asks again for what a message has beyond what its client said, or beyond what is usual', async () => {
    const mta = await submission();
    const said = await mta.open();
    await said.mail(`<${alice}>`, ['SIZE=100']);
    await said.rcpt('<bob@other.example>');
    for (const [name, value] of encryptedMail.headers) await said.header(name, value);
    await said.endOfHeaders();
    await said.body(Buffer.from(encryptedMail.body));
    await said.endOfMessage();
    await said.quit();
    const large = await encrypt({ message: await createMessage({ binary: randomBytes(60_000) }), passwords: 'x' });
    await mta.deliver({ ...encryptedMail, body: encryptedBody(large) });
    expect(limiter.notes).toEqual([
      `from ${alice} asks 1/1/100`,
      expect.stringMatching(/asks 0\/0\/\d{3,}$/),
      `from ${alice} spent 1/1`,
      `from ${alice} asks 1/1/65536`,
      expect.stringMatching(/asks 0\/0\/\d{4,}$/),
      `from ${alice} spent 1/1`,
    ]);
  });

  it('takes a small message from an account that has less left than is usual', async () => {
    const mta = await submission();
    limiter.mayAsk = ({ bytes }) => bytes < 60_000;
    expect((await mta.deliver(encryptedMail)).outcome).toBe('accepted');
    expect(limiter.notes).toEqual([
      `from ${alice} asks 1/1/65536`,
      `from ${alice} asks 1/1/0`,
      expect.stringMatching(/asks 0\/0\/\d{3,}$/),
      `from ${alice} spent 1/1`,
    ]);
  });

  it('gives back what it reserved for cleartext', async () => {
    const mta = await submission();
    expect(await mta.deliver(cleartextMail)).toMatchObject({ outcome: 'refused', stage: 'endOfMessage' });
    expect(limiter.notes.at(-1)).toBe(`from ${alice} refunded`);
  });

  it('asks once for a message that may not be sent, however many recipients follow', async () => {
    const mta = await submission();
    limiter.answer = { kind: 'exceeded', part: 'messages', waitSeconds: 7 };
    const delivery = await mta.deliver({ ...encryptedMail, to: ['a@b.example', 'c@d.example', 'e@f.example'] });
    expect(delivery.refusedRecipients.map(({ reply }) => reply)).toEqual(
      Array.from({ length: 3 }, () => `450 4.7.1: Too much mail from ${alice}, try again in 7 seconds`),
    );
    expect(limiter.notes.filter((note) => note.includes('asks'))).toHaveLength(1);
  });

  it('defers when nobody knows how much was sent', async () => {
    const mta = await submission();
    limiter.answer = { kind: 'unavailable' };
    expect((await mta.deliver(encryptedMail)).refusedRecipients[0]?.reply).toMatch(/^451 4\.3\.0/);
  });

  it.each([
    [{ kind: 'blocked', reason: 'Spam' }, '550 5.7.13 This account is blocked: Spam'],
    [{ kind: 'blocked', reason: null }, '550 5.7.13 This account is blocked'],
    [{ kind: 'gone' }, '550 5.7.1 This account does not exist any more'],
    [undefined, '451 4.3.0 Temporary failure, try again later'],
  ] as const)('looks at the sender again for every message: with %j says %s', async (standing, refusal) => {
    const mta = await submission();
    expect(await mta.deliver(encryptedMail)).toMatchObject({ outcome: 'accepted' });
    sender.standing = standing;
    const { refusedRecipients } = await mta.deliver({ ...encryptedMail, to: ['a@b.example', 'c@d.example'] });
    expect(refusedRecipients.map(({ reply }) => reply)).toEqual([refusal, refusal]);
    expect(sender.asked).toEqual([alice, alice]);
    await limiter.allSettled();
    expect(limiter.notes.at(-1)).toBe(`from ${alice} refunded`);
  });

  it('looks again at the end of a message that takes its time', async () => {
    const mta = await submission();
    const conversation = await mta.open();
    await conversation.mail(`<${alice}>`);
    await conversation.rcpt('<bob@other.example>');
    for (const [name, value] of encryptedMail.headers) await conversation.header(name, value);
    await conversation.endOfHeaders();
    await conversation.body(Buffer.from(encryptedMail.body));
    sender.now += 1_001;
    sender.standing = { kind: 'gone' };
    const { verdict } = await conversation.endOfMessage();
    expect(verdict).toMatchObject({ text: '550 5.7.1 This account does not exist any more' });
    expect(sender.asked).toHaveLength(2);
  });

  it('lets go of a message that is aborted, and of one whose connection dies', async () => {
    const mta = await submission();
    const aborted = await mta.open();
    await aborted.mail(`<${alice}>`);
    await aborted.rcpt('<bob@other.example>');
    aborted.abort();
    await limiter.allSettled();
    await aborted.mail(`<${alice}>`);
    await aborted.rcpt('<bob@other.example>');
    aborted.wire.destroy();
    await limiter.allSettled();
    expect(limiter.notes.filter((note) => note.endsWith('refunded'))).toHaveLength(2);
  });

  it('lets go of a message that passes a limit of the protocol, which is not told as aborted', async () => {
    const mta = await submission();
    const headers = Array.from({ length: 1_100 }, () => ['X-Many', ' x'] as const);
    expect(await mta.deliver({ ...encryptedMail, headers })).toMatchObject({ outcome: 'deferred' });
    await limiter.allSettled();
    expect(limiter.notes.at(-1)).toBe(`from ${alice} refunded`);
  });

  it('lets go of a message whose answer is late', async () => {
    const mta = await submission();
    const conversation = await mta.open();
    await conversation.mail(`<${alice}>`);
    await conversation.rcpt('<bob@other.example>');
    await conversation.mail(`<${alice}>`); // without an end of the one before
    await conversation.rcpt('<bob@other.example>');
    await conversation.quit();
    await limiter.allSettled();
    expect(limiter.notes.filter((note) => note.endsWith('refunded'))).toHaveLength(2);
  });
});

describe('the filter for incoming mail', () => {
  const bob = 'Bob@chat.example';

  it('counts for each recipient', async () => {
    const mta = await incoming();
    expect(await mta.deliver({ ...cleartextMail, to: [bob, 'carol@chat.example', 'bob@CHAT.example'] })).toMatchObject({
      outcome: 'accepted',
    });
    expect(limiter.notes.filter((note) => note.endsWith('spent 1/0'))).toEqual([
      'to bob@chat.example spent 1/0',
      'to carol@chat.example spent 1/0',
    ]);
  });

  it('refuses cleartext for a recipient who does not want it, and passes what is encrypted', async () => {
    const mta = await incoming(['bob@chat.example']);
    expect(await mta.deliver({ ...cleartextMail, to: [bob] })).toMatchObject({
      reply: '523 5.7.1 Encryption Needed: Invalid Unencrypted Mail',
    });
    expect(await mta.deliver({ ...cleartextMail, to: ['carol@chat.example'] })).toMatchObject({ outcome: 'accepted' });
    expect(await mta.deliver({ ...encryptedMail, to: [bob] })).toMatchObject({ outcome: 'accepted' });
  });

  it('defers while nobody knows what a recipient wants', async () => {
    const mta = await incoming('unknown');
    expect((await mta.deliver({ ...cleartextMail, to: [bob] })).refusedRecipients[0]?.reply).toMatch(/^451 4\.3\.0/);
  });
});

describe('what is logged and counted', () => {
  it('holds no address, IP, message-id or subject, whatever the traffic', async () => {
    const lines: string[] = [];
    const log = createLog('filter', (line) => lines.push(line));
    const metrics = new FilterMetrics(() => 0);
    const outgoing = await submission();
    await outgoing.deliverAll([encryptedMail, cleartextMail, { ...encryptedMail, from: 'mallory@other.example' }]);
    const tooMany = Array.from({ length: 1_100 }, () => ['Secret', ' 192.0.2.1 bob@other.example'] as const);
    await outgoing.deliver({ ...encryptedMail, headers: tooMany });
    limiter.answer = { kind: 'exceeded', part: 'messages', waitSeconds: 7 };
    await outgoing.deliver(encryptedMail);
    limiter.answer = { kind: 'granted', heldMs: 2_000 };
    await outgoing.deliver({ ...encryptedMail, headers: [] });
    limiter.answer = { kind: 'granted', heldMs: 0 };
    await outgoing.deliver(encryptedMail);
    sender.standing = { kind: 'blocked', reason: 'secret: ask bob@chat.example' };
    await outgoing.deliver(encryptedMail);
    sender.standing = undefined;
    await outgoing.deliver(encryptedMail);
    await server?.close({ drainMs: 0 });
    const other = await incoming(['bob@chat.example']);
    await other.deliver({ ...cleartextMail, to: ['bob@chat.example'] });
    await other.deliver({ ...encryptedMail, to: ['bob@chat.example'] });
    const broken = new Error('cannot write for alice@chat.example from 192.0.2.1');
    events.push({ kind: 'limits.unavailable', cause: broken }, { kind: 'limits.available', failures: 3 });
    for (const event of events) {
      logFilter(event, log);
      for (const count of countsOf(event)) metrics.count(count);
    }
    const text = [...lines, await metrics.registry.metrics()].join('\n');
    expect(text).toContain('postern_messages_total{door="submission",verdict="accept",reason="encrypted"} 2');
    expect(text).toContain('reason="content-type-missing"} 1');
    expect(text).toContain('reason="too-many-messages"} 1');
    expect(text).toContain('reason="account-blocked"} 1');
    expect(text).toContain('postern_store_errors_total{store="standing"} 1');
    expect(text).toContain('postern_encryption_total{door="incoming",to="SKESK v4",seipd="1"} 1');
    expect(text).toContain('postern_held_seconds_sum 2');
    expect(text).toMatch(/handler\.failed/);
    expect(text).not.toMatch(/@|192\.0\.2|secret|alice|bob\b|mallory|chat\.example|other\.example|readable/i);
  });
});
