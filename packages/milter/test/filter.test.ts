import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filter, type Mail, type Milter, type MilterServer, reject, tempfail } from '../src/index.ts';
import { TestMta } from '../src/testing/index.ts';

let folder = '';
let path = '';
let server: MilterServer | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'milter-'));
  path = join(folder, 'filter.sock');
});
afterEach(async () => {
  await server?.close({ drainMs: 0 });
  await rm(folder, { recursive: true, force: true });
});

async function behind(milter: Milter, like: 'postfix' | 'sendmail' | 'stalwart' = 'postfix'): Promise<TestMta> {
  server = await milter.listen({ path });
  return new TestMta({ path }, { like });
}

describe('a filter of one function', () => {
  it.each(['postfix', 'sendmail', 'stalwart'] as const)('has the whole message, like %s', async (like) => {
    let seen: Mail | undefined;
    const milter = filter(
      (mail) => {
        seen = mail;
      },
      { name: 'x', body: { whole: 1000, overflow: tempfail } },
    );
    const mta = await behind(milter, like);
    expect((await mta.deliver({ to: ['a@b', 'c@d'] })).outcome).toBe('accepted');
    expect([seen?.sender?.from, seen?.recipients.map((each) => each.to), seen?.header('SUBJECT')]).toEqual([
      'sender@example.org',
      ['a@b', 'c@d'],
      'a test',
    ]);
    expect([seen?.client?.hostname, seen?.helo?.name]).toEqual(['client.example', 'client.example']);
    expect(Buffer.from(seen?.body ?? []).toString()).toBe('Hello.\r\n');
    expect((await mta.deliver({ body: 'x'.repeat(1001) })).outcome).toBe('deferred');
  });

  it.each([
    ['by its headers judges before the body', 'none', 'endOfHeaders'],
    ['by a prefix judges when it has it', { prefix: 10 }, 'body'],
    ['by the whole judges at the end', { whole: 100_000, overflow: tempfail }, 'endOfMessage'],
  ] as const)('%s', async (_, body, stage) => {
    const mta = await behind(filter(() => reject, { name: 'x', body }));
    expect(await mta.deliver({ body: 'x'.repeat(2000) })).toMatchObject({ outcome: 'refused', stage });
  });

  it.each(['none', { prefix: 10 }, { whole: 100, overflow: tempfail }] as const)(
    'with edits judges at the end (%j)',
    async (body) => {
      const milter = filter((mail, { edit }) => edit.addHeader('X-Bytes', String(mail.body.length)), {
        name: 'x',
        actions: ['addHeader'],
        body,
      });
      const delivery = await (await behind(milter)).deliver({ body: 'x'.repeat(50) });
      const bytes = body === 'none' ? '0' : 'prefix' in body ? '10' : '50';
      expect(delivery.message.headers.at(-1)).toEqual(['X-Bytes', bytes]);
    },
  );

  it('has each message for itself', async () => {
    const recipients: string[][] = [];
    const milter = filter((mail) => void recipients.push(mail.recipients.map((each) => each.to)), { name: 'x' });
    await (await behind(milter)).deliverAll([{ to: ['a@b'] }, { to: ['c@d', 'e@f'] }]);
    expect(recipients).toEqual([['a@b'], ['c@d', 'e@f']]);
  });
});
