import { discard, reject, reply, tempfail } from '@postern/milter';
import { expect, it } from 'vitest';
import { onEveryMailServer } from '../../src/milter/every-mail-server.ts';
import { ObservingFilter } from '../../src/milter/observing-filter.ts';
import { ordinaryMessage, sendMail, SmtpClient } from '../../src/milter/smtp-client.ts';

const message = [
  'mail sender@example.org',
  'rcpt recipient@example.net',
  'data',
  'From: sender@example.org',
  'To: recipient@example.net',
  'Subject: a test',
  'X-Twice: one',
  'X-Twice: two',
  'end of headers',
  'body',
  'end',
];

// SMFIP_NR_HDR and SMFIP_NR_CONN to SMFIP_NR_BODY: whatever has an answer but the end of a message goes without.
const noReplies = 0xf_f080;

onEveryMailServer('a filter that only looks', ObservingFilter.listen, (parts) => {
  it('sees every stage in order, and answers the end alone', async () => {
    parts.filter.endWith(() => {});
    expect((await sendMail(parts.server.port)).end).toMatch(/^250/);
    await parts.sink.next();
    await parts.filter.log.seen('connection.closed');
    expect(parts.filter.diary).toEqual(['connect by ipv4', 'helo client.example', ...message]);
    expect(parts.filter.log.of('verdict').map(({ stage }) => stage)).toEqual(['endOfMessage']);
    expect((parts.filter.log.of('connection.negotiated')[0]?.protocol ?? 0) & noReplies).toBe(noReplies);
  });

  it.each([
    ['reject', reject, /^5/],
    ['tempfail', tempfail, /^4/],
    ['a reply', reply(554, '5.7.1', 'not here'), /^554 5\.7\.1 not here$/],
    ['discard', discard, /^250/],
  ] as const)('has its say at the end: %s', async (_, verdict, reads) => {
    parts.filter.endWith(() => verdict);
    expect((await sendMail(parts.server.port)).end).toMatch(reads);
  });

  it('edits at the end', async () => {
    parts.filter.endWith((edit) => edit.addHeader('X-Seen', 'yes'));
    expect((await sendMail(parts.server.port)).end).toMatch(/^250/);
    expect((await parts.sink.next()).headers).toContain('X-Seen: yes');
  });

  it('judges two messages on one connection', async () => {
    let count = 0;
    parts.filter.endWith(() => ((count += 1) === 1 ? reject : undefined));
    await using client = await SmtpClient.open(parts.server.port);
    await client.say('S: 220\nC: EHLO client.example\nS: 250');
    for (const answer of ['55', '250']) {
      await client.say(
        'C: MAIL FROM:<sender@example.org>\nS: 250\nC: RCPT TO:<recipient@example.net>\nS: 250\nC: DATA\nS: 354',
      );
      client.send(`${ordinaryMessage}.\r\n`);
      await client.expect(answer);
      parts.filter.bodyBytes = 0;
    }
    await parts.sink.next();
    expect(parts.filter.diary.slice(2)).toEqual([...message, ...message]);
  });

  it('takes 30 MB, more slowly than they come', async () => {
    parts.filter.endWith(() => {});
    const body = `${'y'.repeat(78)}\r\n`.repeat(375_000);
    const replies = await sendMail(parts.server.port, { message: Buffer.from(`Subject: large\r\n\r\n${body}`) });
    expect(replies.end).toMatch(/^250/);
    expect(parts.filter.bodyBytes).toBe(30_000_000);
    await parts.sink.next();
  });

  it('hears of a client that disconnects midway, and of its message that will not be', async () => {
    parts.filter.endWith(() => {});
    const client = await SmtpClient.open(parts.server.port);
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
    await parts.filter.log.seen('connection.closed');
    expect(parts.filter.diary).not.toContain('end');
    expect(parts.filter.log.of('message.aborted')).toHaveLength(1);
    expect(parts.filter.log.of('connection.failed')).toEqual([]);
  });
});
