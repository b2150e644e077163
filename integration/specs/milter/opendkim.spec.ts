import { join } from 'node:path';
import { TestMta } from '@postern/milter/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MilterTools, startMilterTools } from '../../src/milter/tools.ts';

const start = `
set -e
cat >/etc/dkim-test.conf <<END
Mode s
Domain example.org
Selector test
KeyFile /root/key.pem
Socket local:/milter/opendkim.sock
UMask 000
UserID root
Background yes
END
openssl genrsa -out /root/key.pem 2048 2>/dev/null
chmod 600 /root/key.pem
opendkim -x /etc/dkim-test.conf
until [ -S /milter/opendkim.sock ]; do :; done`;

describe('the test client with opendkim, a filter on libmilter', () => {
  let tools: MilterTools;
  beforeAll(async () => {
    tools = await startMilterTools();
    const { output, exitCode } = await tools.run('sh', '-c', start);
    if (exitCode !== 0) throw new Error(`opendkim did not start: ${output}`);
  });
  afterAll(() => tools?.[Symbol.asyncDispose]());

  const headers = [
    ['From', ' sender@example.org'],
    ['To', ' recipient@example.net'],
    ['Subject', ' signed'],
    ['Date', ' Sun, 22 Nov 2026 12:00:00 +0000'],
    ['Message-ID', ' <1@example.org>'],
  ] as const;

  it.each(['postfix', 'sendmail'] as const)('like %s has a message signed', async (like) => {
    const mta = new TestMta(
      { path: join(tools.folder, 'opendkim.sock') },
      { like, macros: { auth_authen: 'sender', i: 'Q1' } },
    );
    const client = { hostname: 'localhost', address: '127.0.0.1' };
    const [first, second] = await mta.deliverAll([
      { client, headers },
      { client, headers, body: 'Again.\r\n'.repeat(20_000) },
    ]);
    for (const delivery of [first, second]) {
      expect(delivery).toMatchObject({ outcome: 'accepted', stage: 'endOfMessage' });
      expect(delivery?.edits).toEqual([
        expect.objectContaining({
          kind: 'insertHeader',
          name: 'DKIM-Signature',
          value: expect.stringMatching(/d=example\.org; s=test;/),
        }),
      ]);
      expect(delivery?.message.headers.map(([name]) => name)).toContain('DKIM-Signature');
    }
    expect(first?.edits).not.toEqual(second?.edits);
  });

  it('goes on after a message that was aborted', async () => {
    const conversation = await new TestMta({ path: join(tools.folder, 'opendkim.sock') }).open();
    await conversation.connect({ hostname: 'localhost', address: '127.0.0.1' });
    await conversation.helo('localhost');
    await conversation.mail('<sender@example.org>');
    conversation.abort();
    await conversation.mail('<sender@example.org>');
    await conversation.rcpt('<recipient@example.net>');
    for (const [name, value] of headers) await conversation.header(name, value);
    await conversation.endOfHeaders();
    await conversation.body(Buffer.from('Hello.\r\n'));
    const { edits } = await conversation.endOfMessage();
    expect(edits.map((edit) => edit.kind)).toEqual(['insertHeader']);
    await conversation.quit();
  });
});
