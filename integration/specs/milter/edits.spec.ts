import { skip } from '@postern/milter';
import { expect, it } from 'vitest';
import { onEveryMailServer } from '../../src/milter/every-mail-server.ts';
import { ScriptedFilter } from '../../src/milter/scripted-filter.ts';
import { sendMail } from '../../src/milter/smtp-client.ts';

onEveryMailServer('what a filter makes of a message', ScriptedFilter.listen, (parts) => {
  it('changes everything that it declared', async () => {
    parts.filter.play({
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
    expect((await sendMail(parts.server.port)).end).toMatch(/^250/);
    const mail = await parts.sink.next();
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
    parts.filter.play({ endOfMessage: (_, { edit }) => edit.replaceBody(pieces()) });
    expect((await sendMail(parts.server.port)).end).toMatch(/^250/);
    expect((await parts.sink.next()).body).toBe(piece.repeat(3));
  });

  it('puts a message on hold', async () => {
    parts.filter.play({ endOfMessage: (_, { edit }) => edit.quarantine('looks odd') });
    expect((await sendMail(parts.server.port)).end).toMatch(/^250/);
    const queue = parts.isPostfix ? await parts.server.run('postqueue -p') : await parts.server.run('mailq -qQ');
    expect(queue).toContain('sender@example.org');
    await parts.server.run(
      parts.isPostfix ? 'postsuper -d ALL hold' : 'rm -f /var/spool/mqueue/hf* /var/spool/mqueue/df*',
    );
  });

  it('skips the rest of a body', async () => {
    let chunks = 0;
    parts.filter.play({
      body: () => {
        chunks += 1;
        return skip;
      },
    });
    const message = `Subject: long\r\n\r\n${`${'x'.repeat(70)}\r\n`.repeat(5000)}`;
    expect((await sendMail(parts.server.port, { message })).end).toMatch(/^250/);
    expect(chunks).toBe(1);
    await parts.sink.next();
  });
});
