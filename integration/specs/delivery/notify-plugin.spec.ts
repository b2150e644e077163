import type { Suite } from '@postern/docker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ImapClient } from '../../src/delivery/imap-client.ts';
import { LmtpClient } from '../../src/delivery/lmtp-client.ts';
import { type NotifyServer, startNotifyServer, underValgrind } from '../../src/delivery/notify-server.ts';

const suites: readonly Suite[] = ['trixie', 'bookworm'];

/**
 * Two clients wait in the same folder, one with the plugin and one without; the latter hears of a change when Dovecot's
 * own timer has run. The plugin did its work when the former always hears of it first.
 */
describe.each(suites)('the notify plugin on %s', (suite) => {
  let server: NotifyServer;
  beforeAll(async () => {
    server = await startNotifyServer(suite);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('is loaded into imap and into nothing else', async () => {
    await using _client = await ImapClient.open(server.imap, { name: 'loaded' });
    await using lmtp = await LmtpClient.open(server.lmtp);
    await lmtp.deliver('loaded');
    const loaded = await server.run(
      'grep -ls postern_notify /proc/[0-9]*/maps | while read maps; do cat ${maps%maps}comm; done',
    );
    expect(loaded.trim()).toBe('imap');
  });

  it('tells of new mail in INBOX before the timer of Dovecot can have fired', async () => {
    await using pair = await watchAs(server, 'INBOX');
    await using lmtp = await LmtpClient.open(server.lmtp);
    for (let round = 0; round < 5; round += 1) {
      const order = pair.order(/EXISTS/);
      await lmtp.deliver('alice');
      expect(await order).toEqual(['plugin', 'stock']);
    }
  });

  it('tells of new mail, flags and expunges that a second client makes in another folder', async () => {
    await using pair = await watchAs(server, 'Chats');
    await using second = await ImapClient.open(server.imap, { name: 'alice' }, 'Chats');
    const changes: [RegExp, () => Promise<unknown>][] = [
      [/EXISTS/, () => append(second, 'Chats')],
      [/FETCH \(.*\\Flagged/, () => second.command('STORE 1 +FLAGS (\\Flagged)')],
      [/FETCH \(.*\\Deleted/, () => second.command('STORE 1 +FLAGS (\\Deleted)')],
      [/EXPUNGE/, () => second.command('EXPUNGE')],
    ];
    for (const [line, change] of changes) {
      const order = pair.order(line);
      await change();
      expect(await order).toEqual(['plugin', 'stock']);
    }
  });

  it('tells every client of its own folder, with many folders in one account', async () => {
    const folders = Array.from({ length: 60 }, (_, at) => `Folder-${at}`);
    const clients = await Promise.all(
      folders.map((folder) => ImapClient.open(server.imap, { name: 'collector' }, folder)),
    );
    await Promise.all(clients.map((client) => client.idle()));
    await using second = await ImapClient.open(server.imap, { name: 'collector' });
    for (const folder of folders) await append(second, folder);
    const lines = await Promise.all(clients.map((client) => client.notified(/EXISTS/)));
    expect(new Set(lines)).toEqual(new Set(['* 1 EXISTS']));
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
  });

  it('keeps no descriptor of a folder that the client has left', async () => {
    await using client = await ImapClient.open(server.imap, { name: 'wanderer' });
    const watches = 'ls -l /proc/$(pgrep -nx imap)/fd | grep -c inotify';
    await client.idle();
    expect(await server.run(watches)).toBe('2\n'); // Dovecot's own and the plugin's
    for (let at = 0; at < 40; at += 1) {
      await client.endIdle();
      await client.command(`CREATE Place-${at}`);
      await client.command(`SELECT Place-${at}`);
      await client.idle();
    }
    await client.endIdle();
    await client.command('SELECT INBOX');
    await client.idle();
    expect(await server.run(watches)).toBe('2\n');
  });

  it.each([
    ['another client deletes', (second: ImapClient) => second.command('DELETE Passing')],
    ['somebody moves away on the disk', () => server.run('mv /srv/mail/bob/Maildir/.Passing /srv/')],
  ])('survives a folder that %s', async (_who, vanish) => {
    await using client = await ImapClient.open(server.imap, { name: 'bob' }, 'Passing');
    await using second = await ImapClient.open(server.imap, { name: 'bob' });
    await client.idle();
    await vanish(second);
    await using other = await ImapClient.open(server.imap, { name: 'bob' });
    await other.idle();
    await append(second, 'INBOX');
    await other.notified(/EXISTS/);
    expect(await server.log()).not.toMatch(/Panic|Fatal|signal/);
  });

  it('is clean under valgrind over a run of all that', async () => {
    await using checked = await startNotifyServer(suite, underValgrind);
    await using lmtp = await LmtpClient.open(checked.lmtp);
    {
      await using client = await ImapClient.open(checked.imap, { name: 'alice' });
      await using second = await ImapClient.open(checked.imap, { name: 'alice' }, 'Passing');
      await client.idle();
      await second.idle();
      await lmtp.deliver('alice');
      await client.notified(/EXISTS/);
      await second.endIdle();
      await second.command('SELECT INBOX');
      await second.command('STORE 1 +FLAGS (\\Deleted)');
      await client.notified(/Deleted/);
      await second.command('EXPUNGE');
      await client.notified(/EXPUNGE/);
      await client.endIdle();
      await client.command('SELECT Passing');
      await client.idle();
      await second.command('DELETE Passing');
      await append(second, 'INBOX');
    }
    await checked.eventually('! pgrep -f "^/usr/bin/valgrind.*imap" > /dev/null');
    const reports = await checked.run('cat /var/log/valgrind/*');
    const errors = reports.match(/ERROR SUMMARY: .*/g) ?? [];
    expect(errors.length).toBeGreaterThanOrEqual(2);
    expect(reports).not.toContain('postern_notify');
    expect(errors.filter((line) => !line.includes(' 0 errors from 0 contexts'))).toEqual([]);
  });
});

async function append(client: ImapClient, folder: string): Promise<void> {
  await client.command(`APPEND "${folder}" {18+}\r\nSubject: message\r\n`);
}

interface Pair extends AsyncDisposable {
  /** Who hears of the next change that the line tells of, in order. */
  order(line: RegExp): Promise<string[]>;
}

async function watchAs(server: NotifyServer, folder: string): Promise<Pair> {
  const [plugin, stock] = [
    await ImapClient.open(server.imap, { name: 'alice' }, folder),
    await ImapClient.open(server.imap, { name: 'stock-alice' }, folder),
  ];
  await Promise.all([plugin.idle(), stock.idle()]);
  return {
    async order(line) {
      const heard: string[] = [];
      await Promise.all([
        plugin.notified(line).then(() => heard.push('plugin')),
        stock.notified(line).then(() => heard.push('stock')),
      ]);
      return heard;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([plugin, stock].map((client) => client[Symbol.asyncDispose]()));
    },
  };
}
