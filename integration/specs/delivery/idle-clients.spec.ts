import type { Suite } from '@postern/docker';
import { raiseInotifyLimit } from '@postern/relay';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ImapClient } from '../../src/delivery/imap-client.ts';
import { LmtpClient } from '../../src/delivery/lmtp-client.ts';
import { areHibernated, hibernation, type NotifyServer, startNotifyServer } from '../../src/delivery/notify-server.ts';

const suites: readonly Suite[] = ['trixie', 'bookworm'];
const clientCount = 1000;
const accountCount = 100;

describe.each(suites)('clients that wait on %s', (suite) => {
  let server: NotifyServer;
  beforeAll(async () => {
    const tooLow = await raiseInotifyLimit();
    if (tooLow !== undefined) process.stderr.write(`${tooLow.advice}\n`);
    server = await startNotifyServer(suite, hibernation(suite));
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('are hibernated, hear of new mail, and hear of more from the plugin at once', async () => {
    await using client = await ImapClient.open(server.imap, { name: 'sleeper' });
    await client.idle();
    await server.eventually(areHibernated(1));
    await using lmtp = await LmtpClient.open(server.lmtp);
    await lmtp.deliver('sleeper');
    await client.notified(/EXISTS/);
    const awake = await server.run('grep -ls postern_notify /proc/[0-9]*/maps | wc -l');
    expect(awake.trim()).toBe('1');
    await lmtp.deliver('sleeper');
    await client.notified(/EXISTS/);
    await client.endIdle();
    expect(await client.command('NOOP')).toHaveLength(1);
  });

  it('all hear of new mail, a thousand of them', { timeout: 300_000 }, async () => {
    const names = Array.from({ length: clientCount }, (_, at) => `user-${at % accountCount}`);
    const clients: ImapClient[] = [];
    try {
      for (let at = 0; at < names.length; at += 20) {
        const opened = await Promise.all(
          names.slice(at, at + 20).map((name) => ImapClient.open(server.imap, { name })),
        );
        await Promise.all(opened.map((client) => client.idle()));
        clients.push(...opened);
      }
      await server.eventually(areHibernated(clientCount));
      await using lmtp = await LmtpClient.open(server.lmtp);
      for (let account = 0; account < accountCount; account += 1) await lmtp.deliver(`user-${account}`);
      const heard = await Promise.all(clients.map((client) => client.notified(/EXISTS/)));
      expect(heard).toHaveLength(clientCount);
      expect(new Set(heard)).toEqual(new Set(['* 1 EXISTS']));
      expect(await server.log()).not.toMatch(/Panic|Fatal|Inotify instance limit/);
    } finally {
      await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
    }
  });
});
