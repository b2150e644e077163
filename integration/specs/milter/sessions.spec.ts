import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { reject } from '@postern/milter';
import { expect, it } from 'vitest';
import { onEveryMailServer } from '../../src/milter/every-mail-server.ts';
import { ScriptedFilter } from '../../src/milter/scripted-filter.ts';
import { ordinaryMessage, sendMail, SmtpClient } from '../../src/milter/smtp-client.ts';

onEveryMailServer('the sessions of a filter', ScriptedFilter.listen, (parts) => {
  it('judges two messages on one connection', async () => {
    const senders: string[] = [];
    parts.filter.play({
      mail: ({ from }) => {
        senders.push(from);
      },
      endOfMessage: (_, { message }) => (senders.length === 1 ? reject : message),
    });
    await using client = await SmtpClient.open(parts.server.port);
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
    expect((await parts.sink.next()).sender).toBe('second@example.org');
    client.hangUp();
    await parts.filter.log.seen('connection.closed');
    expect(parts.filter.log.of('message.aborted')).toEqual([]);
  });

  it('takes 30 MB, and every byte of it', { timeout: 60_000 }, async () => {
    let bytes = 0;
    parts.filter.play({
      body: (chunk) => {
        bytes += chunk.length;
      },
    });
    const body = `${'y'.repeat(78)}\r\n`.repeat(375_000);
    expect((await sendMail(parts.server.port, { message: Buffer.from(`Subject: large\r\n\r\n${body}`) })).end).toMatch(
      /^250/,
    );
    expect(bytes).toBe(30_000_000);
    expect((await parts.sink.next()).body.length).toBe(30_000_000);
  });

  it('hears of a client that disconnects midway, once', async () => {
    parts.filter.play({});
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
    expect(parts.filter.log.of('message.aborted')).toHaveLength(1);
    expect(parts.filter.log.of('connection.failed')).toEqual([]);
  });

  it('that is killed midway costs the client a temporary failure', async () => {
    await parts.filter[Symbol.asyncDispose]();
    const script = join(import.meta.dirname, '../../src/milter/stuck-filter.ts');
    const stuck = spawn(process.execPath, ['--conditions=@postern/source', script, parts.server.filterPath], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const said = createInterface({ input: stuck.stdout })[Symbol.asyncIterator]();
    await said.next();
    const sending = sendMail(parts.server.port);
    await said.next();
    stuck.kill('SIGKILL');
    await once(stuck, 'exit');
    expect((await sending).end).toMatch(/^4/);
    // And while it is gone.
    const { mail, rcpt, end } = await sendMail(parts.server.port);
    expect(`${mail}${rcpt}${end}`).toMatch(/^(?:250[^\n]*)*4/);
    parts.filter = await ScriptedFilter.listen(parts.server.filterPath);
    parts.filter.play({});
    expect((await sendMail(parts.server.port)).end).toMatch(/^250/);
    await parts.sink.next();
  });
});
