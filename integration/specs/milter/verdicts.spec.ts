import { accept, discard, reject, reply, tempfail } from '@postern/milter';
import { describe, expect, it, vi } from 'vitest';
import { onEveryMailServer } from '../../src/milter/every-mail-server.ts';
import { type Script, ScriptedFilter } from '../../src/milter/scripted-filter.ts';
import { ordinaryMessage, sendMail, SmtpClient } from '../../src/milter/smtp-client.ts';

const custom = reply(554, '5.7.1', ['100% refused', 'for good']);
const verdicts = [
  { name: 'reject', verdict: reject, code: '5', reads: /^5/ },
  { name: 'tempfail', verdict: tempfail, code: '4', reads: /^4/ },
  { name: 'a reply', verdict: custom, code: '554', reads: /^554-5\.7\.1 100% refused\n554 5\.7\.1 for good$/ },
] as const;

onEveryMailServer('the verdicts of a filter', ScriptedFilter.listen, (parts) => {
  it('lets a message pass', async () => {
    parts.filter.play({});
    expect(await sendMail(parts.server.port)).toMatchObject({
      mail: expect.stringMatching(/^250/),
      end: expect.stringMatching(/^250/),
    });
    expect(await parts.sink.next()).toEqual({
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
    await parts.filter.log.seen('connection.closed');
    expect(
      parts.filter.log.events.filter((event) => event.kind !== 'verdict' && !event.kind.startsWith('connection.')),
    ).toEqual([]);
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
      parts.filter.play({ [stage]: () => verdict });
      const replies = await sendMail(parts.server.port);
      expect(replies[step]).toMatch(reads);
    });

    it('at connect keeps the client out, with a text only behind Postfix', async () => {
      parts.filter.play({ connect: () => verdict });
      const { banner, mail } = await sendMail(parts.server.port);
      expect(banner).toMatch(code === '4' ? /^220 / : /^554 .*not accepting/);
      expect(mail).toMatch(parts.isPostfix ? reads : new RegExp(`^${code.charAt(0)}`));
    });

    it('at helo is told at MAIL', async () => {
      parts.filter.play({ helo: () => verdict });
      const { ehlo, mail } = await sendMail(parts.server.port);
      expect(ehlo).toMatch(/^250/);
      expect(mail).toMatch(new RegExp(`^${code}`));
    });
  });

  it.each(['connect', 'helo', 'mail', 'rcpt', 'data', 'header', 'endOfHeaders', 'body', 'endOfMessage'] as const)(
    'accepts at %s, and is asked no more',
    async (stage) => {
      const handler = vi.fn<() => typeof accept>(() => accept);
      const asked = vi.fn<() => void>();
      parts.filter.play({ endOfMessage: asked, [stage]: handler });
      expect((await sendMail(parts.server.port)).end).toMatch(/^250/);
      expect((await parts.sink.next()).body).toBe('Hello.\r\n');
      expect(handler).toHaveBeenCalledOnce();
      expect(asked).not.toHaveBeenCalled();
    },
  );

  it('discards at every stage of a message without telling the client', async () => {
    for (const stage of ['mail', 'rcpt', 'data', 'header', 'endOfHeaders', 'body', 'endOfMessage']) {
      parts.filter.play({ [stage]: () => discard });
      expect((await sendMail(parts.server.port)).end).toMatch(/^250/);
    }
    parts.filter.play({ endOfMessage: (_, { edit }) => edit.addHeader('X-After', 'yes') });
    await sendMail(parts.server.port);
    expect((await parts.sink.next()).headers).toContain('X-After: yes');
  });

  it.each([
    ['reject', reject, '550 5.7.1 Command rejected'],
    ['tempfail', tempfail, undefined],
    ['a reply', custom, '554-5.7.1 100% refused\n554 5.7.1 for good'],
  ] as const)('refuses an unknown command with %s, and the session goes on', async (_, verdict, refusal) => {
    const later = parts.isPostfix
      ? '451 4.7.1 Service unavailable - try again later'
      : '451 4.3.2 Please try again later';
    // The newer Postfix refuses such a command anyway, and says so itself.
    const isOwn = parts.isPostfix && parts.kind.suite === 'trixie';
    const unknown = vi.fn<() => typeof verdict>(() => verdict);
    parts.filter.play({ unknown });
    await using client = await SmtpClient.open(parts.server.port);
    await client.say('S: 220\nC: EHLO client.example\nS: 250\nC: XYZZY now');
    expect(await client.reply()).toBe(
      refusal === undefined ? later : isOwn ? '500 5.5.2 Error: command not recognized' : refusal,
    );
    expect(unknown).toHaveBeenCalledOnce();
    await client.say('C: NOOP\nS: 250');
  });

  it('refuses one recipient and keeps the other', async () => {
    parts.filter.play({ rcpt: ({ to }) => (to.startsWith('no@') ? reject : undefined) });
    await using client = await SmtpClient.open(parts.server.port);
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
    expect(await parts.sink.next()).toMatchObject({ recipients: ['yes@example.net'] });
  });
});
