import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import type { Suite } from '@postern/docker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { measureHops } from '../../src/delivery/hops.ts';
import { ImapClient } from '../../src/delivery/imap-client.ts';
import { areAwake } from '../../src/delivery/notification.ts';
import { startRelay, type TestRelay } from '../../src/relay.ts';

const suites: readonly Suite[] = ['trixie', 'bookworm'];

describe.each(suites)('a waiting client of a relay on %s', (suite) => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startRelay({ domain: '_postern.test', suite });
  });
  afterAll(() => relay[Symbol.asyncDispose]());

  const open = (name = 'patiently'): Promise<ImapClient> =>
    ImapClient.open(
      { ...relay.at(993), secure: true },
      { name: `${name}@_postern.test`, password: 'long enough for anybody' },
    );

  it('is served with the notify plugin, which the image has without its compiler', async () => {
    expect(await relay.run('doveconf -f protocol=imap mail_plugins')).toContain('postern_notify');
    expect(await relay.run('ls /usr/bin/*gcc* /usr/include/dovecot 2>/dev/null | wc -l')).toBe('0\n');
    expect(await relay.log()).not.toContain('notify-plugin.absent');
  });

  it('finds processes that were started before it came', async () => {
    await expect
      .poll(() => relay.run('ps -C imap,lmtp -o comm= | sort | uniq -c | tr -s " "'))
      .toBe(' 2 imap\n 2 lmtp\n');
  });

  it('is offered nothing that would keep it from being hibernated', async () => {
    await using client = await open();
    expect((await client.command('CAPABILITY')).join()).not.toContain('COMPRESS');
  });

  it('gets its mail from processes that stay', async () => {
    const processes = async (): Promise<string[]> => (await relay.run('pgrep -x lmtp')).trim().split('\n');
    const before = await processes();
    expect(await measureHops(relay, 3)).toHaveLength(3);
    expect(await processes()).toEqual(expect.arrayContaining(before));
  });

  it('is hibernated after a second, and hears of new mail then', async () => {
    await using client = await open();
    await using second = await open();
    await client.idle();
    await relay.eventually(areAwake(1));
    await second.command('APPEND INBOX {18+}\r\nSubject: message\r\n');
    expect(await client.notified(/EXISTS/)).toBe('* 1 EXISTS');
    expect(await relay.log()).not.toMatch(/ (Error|Warning): /);
  });

  it('hears of mail that comes while it is being put to sleep', async () => {
    const names = Array.from({ length: 8 }, (_, n) => `sleepy00${n}`);
    await Promise.all(
      names.map(async (name, n) => {
        await using client = await open(name);
        await using second = await open(name);
        for (let round = 0; round < 6; round += 1) {
          await client.idle();
          // A second after it began to wait it is put to sleep: the mail comes at some moment around that.
          await delay(988 + ((round * names.length + n) % 16));
          await second.command('APPEND INBOX {18+}\r\nSubject: message\r\n');
          expect(await client.notified(/EXISTS/)).toBe(`* ${round + 1} EXISTS`);
          await client.endIdle();
        }
      }),
    );
  });

  it('is greeted on the port for sending with nothing between handshake and greeting', async () => {
    const socket = connect({ ...relay.at(465), rejectUnauthorized: false });
    const tickets: Buffer[] = [];
    socket.on('session', (ticket: Buffer) => tickets.push(ticket));
    const [greeting] = await once(socket, 'data');
    expect(String(greeting)).toMatch(/^220 /);
    expect(socket.getProtocol()).toBe('TLSv1.3');
    expect(tickets).toEqual([]);
    socket.destroy();
  });
});
