import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { docker, ensureRelayImage, type Suite } from '@postern/docker';
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

  it('is answered by Postfix in packets that wait for no other', async () => {
    const clients = ([25, 465, 587] as const).map((port) => connect(relay.at(port)));
    await Promise.all(clients.map((client) => once(client, 'connect')));
    // No program shows this option: it is asked of the very connections that Postfix has.
    const script = `import ctypes, os, socket, subprocess
options = {}
for pid in map(int, subprocess.check_output(["pgrep", "-x", "smtpd"]).split()):
    for fd in map(int, os.listdir(f"/proc/{pid}/fd")):
        copy = ctypes.CDLL(None).syscall(438, os.pidfd_open(pid), fd, 0) # pidfd_getfd(2)
        try:
            connection = socket.socket(fileno=copy)
            port = connection.getpeername() and connection.getsockname()[1]
            options[port] = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        except (OSError, IndexError):
            pass # not a connection, or one inside the machine
print(sorted(options.items()))`;
    const options = `--pid container:${relay.container.getId()} --cap-add SYS_PTRACE --entrypoint python3`.split(' ');
    const image = await ensureRelayImage(suite);
    const ask = (): Promise<string> => docker(['run', '--rm', ...options, image, '-c', script]);
    await expect.poll(ask, { interval: 200 }).toBe('[(25, 1), (465, 1), (587, 1)]');
    for (const client of clients) client.destroy();
    expect(await relay.log()).not.toContain('no-delay.absent');
  });
});
