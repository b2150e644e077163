import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { discard, reject, reply, skip, tempfail } from '@postern/milter';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LmtpSink } from '../../src/milter/lmtp-sink.ts';
import { mailServers, type MilterMailServer, startMailServer } from '../../src/milter/mail-server.ts';
import { type Script, ScriptedFilter } from '../../src/milter/scripted-filter.ts';
import { ordinaryMessage, sendMail, SmtpClient } from '../../src/milter/smtp-client.ts';

// A conversation takes milliseconds; what takes this long hangs.
vi.setConfig({ testTimeout: 20_000 });

const custom = reply(554, '5.7.1', ['100% refused', 'for good']);
const verdicts = [
  { name: 'reject', verdict: reject, code: '5', reads: /^5/ },
  { name: 'tempfail', verdict: tempfail, code: '4', reads: /^4/ },
  { name: 'a reply', verdict: custom, code: '554', reads: /^554-5\.7\.1 100% refused\n554 5\.7\.1 for good$/ },
] as const;

describe.each(mailServers)('a filter behind $name', (kind) => {
  const isPostfix = kind.software === 'postfix';
  let server: MilterMailServer;
  let sink: LmtpSink;
  let filter: ScriptedFilter;

  beforeAll(async () => {
    server = await startMailServer(kind);
    sink = await LmtpSink.open(server.sinkPath);
    filter = await ScriptedFilter.listen(server.filterPath);
  });

  afterAll(async () => {
    await filter?.[Symbol.asyncDispose]();
    await sink?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  it('lets a message pass', async () => {
    filter.play({});
    expect(await sendMail(server.port)).toMatchObject({
      mail: expect.stringMatching(/^250/),
      end: expect.stringMatching(/^250/),
    });
    expect(await sink.next()).toEqual({
      sender: 'sender@example.org',
      recipients: ['recipient@example.net'],
      headers: [
        'From: sender@example.org',
        'To: recipient@example.net',
        'Subject: a test',
        'X-Twice: one',
        'X-Twice: two',
      ],
      body: 'Hello.\r\n',
    });
    await filter.seen('connection.closed');
    expect(filter.events.filter((event) => event.kind !== 'verdict' && !event.kind.startsWith('connection.'))).toEqual(
      [],
    );
  });

  describe.each(verdicts)('$name', ({ verdict, code, reads }) => {
    const stages: readonly (readonly [keyof Script, 'mail' | 'rcpt' | 'data' | 'end'])[] = [
      ['mail', 'mail'],
      ['rcpt', 'rcpt'],
      ['data', 'data'],
      ['header', 'end'],
      ['endOfHeaders', 'end'],
      ['body', 'end'],
      ['endOfMessage', 'end'],
    ];
    it.each(stages)('at %s reaches the client in answer to %s', async (stage, step) => {
      filter.play({ [stage]: () => verdict });
      const replies = await sendMail(server.port);
      expect(replies[step]).toMatch(reads);
    });

    it('at connect keeps the client out, with a text only behind Postfix', async () => {
      filter.play({ connect: () => verdict });
      const { banner, mail } = await sendMail(server.port);
      expect(banner).toMatch(code === '4' ? /^220 / : /^554 .*not accepting/);
      expect(mail).toMatch(isPostfix ? reads : new RegExp(`^${code.charAt(0)}`));
    });

    it('at helo is told at MAIL', async () => {
      filter.play({ helo: () => verdict });
      const { ehlo, mail } = await sendMail(server.port);
      expect(ehlo).toMatch(/^250/);
      expect(mail).toMatch(new RegExp(`^${code}`));
    });
  });

  it('discards without telling the client', async () => {
    filter.play({ endOfMessage: () => discard });
    expect((await sendMail(server.port)).end).toMatch(/^250/);
    filter.play({ endOfMessage: (_, { edit }) => edit.addHeader('X-After', 'yes') });
    await sendMail(server.port);
    expect((await sink.next()).headers).toContain('X-After: yes');
  });

  it('refuses one recipient and keeps the other', async () => {
    filter.play({ rcpt: ({ to }) => (to.startsWith('no@') ? reject : undefined) });
    await using client = await SmtpClient.open(server.port);
    await client.say(
      `
      S: 220
      C: EHLO client.example
      S: 250
      C: MAIL FROM:<sender@example.org>
      S: 250
      C: RCPT TO:<no@example.net>
      S: 55
      C: RCPT TO:<yes@example.net>
      S: 250
      C: DATA
      S: 354`,
    );
    client.send(`${ordinaryMessage}.\r\n`);
    await client.expect('250');
    expect(await sink.next()).toMatchObject({ recipients: ['yes@example.net'] });
  });

  it('changes everything that it declared', async () => {
    filter.play({
      endOfMessage: (_, { edit }) => {
        edit.changeSender('<other@example.org>');
        edit.addRecipient('more@example.net');
        edit.deleteRecipient('<recipient@example.net>');
        edit.addRecipientWithParameters('<most@example.net>', ['NOTIFY=NEVER']);
        edit.changeHeader('Subject', 'changed');
        edit.changeHeader('X-Missing', 'appended');
        edit.deleteHeader('X-Twice', 1);
        edit.deleteHeader('X-Twice', 2);
        edit.addHeader('X-Folded', 'one\n two');
        edit.insertHeader(1, 'X-First', 'yes');
        edit.replaceBody('Replaced.\r\n');
      },
    });
    expect((await sendMail(server.port)).end).toMatch(/^250/);
    const mail = await sink.next();
    expect({ ...mail, recipients: mail.recipients.toSorted() }).toEqual({
      sender: 'other@example.org',
      recipients: ['more@example.net', 'most@example.net'],
      headers: [
        'X-First: yes',
        'From: sender@example.org',
        'To: recipient@example.net',
        'Subject: changed',
        'X-Missing: appended',
        'X-Folded: one two',
      ],
      body: 'Replaced.\r\n',
    });
  });

  it('replaces a body piece by piece', async () => {
    const piece = `${'x'.repeat(70)}\r\n`.repeat(1000);
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let count = 0; count < 3; count += 1) yield Buffer.from(piece);
    }
    filter.play({ endOfMessage: (_, { edit }) => edit.replaceBody(pieces()) });
    expect((await sendMail(server.port)).end).toMatch(/^250/);
    expect((await sink.next()).body).toBe(piece.repeat(3));
  });

  it('puts a message on hold', async () => {
    filter.play({ endOfMessage: (_, { edit }) => edit.quarantine('looks odd') });
    expect((await sendMail(server.port)).end).toMatch(/^250/);
    const queue = isPostfix ? await server.run('postqueue -p') : await server.run('mailq -qQ');
    expect(queue).toContain('sender@example.org');
    await server.run(isPostfix ? 'postsuper -d ALL hold' : 'rm -f /var/spool/mqueue/hf* /var/spool/mqueue/df*');
  });

  it('skips the rest of a body', async () => {
    let chunks = 0;
    filter.play({
      body: () => {
        chunks += 1;
        return skip;
      },
    });
    const message = `Subject: long\r\n\r\n${`${'x'.repeat(70)}\r\n`.repeat(5000)}`;
    expect((await sendMail(server.port, { message })).end).toMatch(/^250/);
    expect(chunks).toBe(1);
    await sink.next();
  });

  it('judges two messages on one connection', async () => {
    const senders: string[] = [];
    filter.play({
      mail: ({ from }) => {
        senders.push(from);
      },
      endOfMessage: (_, { message }) => (senders.length === 1 ? reject : message),
    });
    await using client = await SmtpClient.open(server.port);
    await client.say('S: 220\nC: EHLO client.example\nS: 250');
    for (const [sender, answer] of [
      ['first@example.org', '55'],
      ['second@example.org', '250'],
    ] as const) {
      await client.say(`
        C: MAIL FROM:<${sender}>
        S: 250
        C: RCPT TO:<recipient@example.net>
        S: 250
        C: DATA
        S: 354`);
      client.send(`${ordinaryMessage}.\r\n`);
      await client.expect(answer);
    }
    expect(senders).toEqual(['first@example.org', 'second@example.org']);
    expect((await sink.next()).sender).toBe('second@example.org');
    client.hangUp();
    await filter.seen('connection.closed');
    expect(filter.events.filter((event) => event.kind === 'message.aborted')).toEqual([]);
  });

  it('takes 30 MB, and every byte of it', { timeout: 60_000 }, async () => {
    let bytes = 0;
    filter.play({
      body: (chunk) => {
        bytes += chunk.length;
      },
    });
    const body = `${'y'.repeat(78)}\r\n`.repeat(375_000);
    expect((await sendMail(server.port, { message: Buffer.from(`Subject: large\r\n\r\n${body}`) })).end).toMatch(
      /^250/,
    );
    expect(bytes).toBe(30_000_000);
    expect((await sink.next()).body.length).toBe(30_000_000);
  });

  it('hears of a client that disconnects midway, once', async () => {
    filter.play({});
    const client = await SmtpClient.open(server.port);
    await client.say(`
      S: 220
      C: EHLO client.example
      S: 250
      C: MAIL FROM:<sender@example.org>
      S: 250
      C: RCPT TO:<recipient@example.net>
      S: 250
      C: DATA
      S: 354
      C: Subject: cut o`);
    client.hangUp();
    await filter.seen('connection.closed');
    expect(filter.events.filter((event) => event.kind === 'message.aborted')).toHaveLength(1);
    expect(filter.events.filter((event) => event.kind === 'connection.failed')).toEqual([]);
  });

  it('that is killed midway costs the client a temporary failure', async () => {
    await filter[Symbol.asyncDispose]();
    const script = join(import.meta.dirname, '../../src/milter/stuck-filter.ts');
    const stuck = spawn(process.execPath, ['--conditions=@postern/source', script, server.filterPath], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const said = createInterface({ input: stuck.stdout })[Symbol.asyncIterator]();
    await said.next();
    const sending = sendMail(server.port);
    await said.next();
    stuck.kill('SIGKILL');
    await once(stuck, 'exit');
    expect((await sending).end).toMatch(/^4/);
    // And while it is gone.
    const { mail, rcpt, end } = await sendMail(server.port);
    expect(`${mail}${rcpt}${end}`).toMatch(/^(?:250[^\n]*)*4/);
    filter = await ScriptedFilter.listen(server.filterPath);
    filter.play({});
    expect((await sendMail(server.port)).end).toMatch(/^250/);
    await sink.next();
  });
});
