import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { login, sendMail } from '../../src/conversation.ts';
import { ImapClient } from '../../src/delivery/imap-client.ts';
import { encryptedMessage } from '../../src/messages.ts';
import { startRelay, testHost, type TestRelay } from '../../src/relay.ts';
import { answers, NotificationStandIn, takes } from '../../../packages/relay/test/push/stand-in.ts';

const domain = '_push.test';
const [alice, bob] = [`alice0001@${domain}`, `bob000001@${domain}`];
const password = 'some-password';
const [phone, tablet] = ['openpgp:phone4AA', 'openpgp:tablet4A'];

describe.each(['trixie', 'bookworm'] as const)('new mail on %s', (suite) => {
  let service: NotificationStandIn;
  let relay: TestRelay;

  beforeAll(async () => {
    service = await NotificationStandIn.start();
    relay = await startRelay({
      domain,
      suite,
      config: `push.service = "http://${testHost}:${service.port}/notify"`,
    });
    await using client = await open(bob);
    await client.command(`SETMETADATA "INBOX" (/private/devicetoken "${phone}")`);
    await client.command(`SETMETADATA "INBOX" (/private/devicetoken "${tablet}")`);
  });
  afterAll(async () => {
    await relay[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });

  const open = (name: string): Promise<ImapClient> =>
    ImapClient.open({ ...relay.at(993), secure: true }, { name, password });

  async function send(from: string, to: string | readonly string[]): Promise<void> {
    await using session = await login(relay.at(465), from, password);
    const message = await encryptedMessage({ from, to: bob });
    expect(await sendMail(session, { from, to }, message)).toMatch(/^250 /);
  }

  /** What was asked of the service since the last time. */
  async function pushed(count: number): Promise<string[]> {
    const bodies = await service.bodies(count);
    service.seen.length = 0;
    return bodies.toSorted();
  }

  async function tokensOf(name: string): Promise<string> {
    await using client = await open(name);
    return (await client.command('GETMETADATA INBOX /private/devicetoken')).join(' ');
  }

  it('wakes all devices of whoever gets it, and tells the service nothing else', async () => {
    await send(alice, bob);
    const [request] = (await service.bodies(2), service.seen);
    expect(request).toEqual({
      line: 'POST /notify HTTP/1.1',
      headers: {
        host: `${testHost}:${service.port}`,
        connection: 'keep-alive',
        'content-type': 'text/plain',
        'content-length': String(phone.length),
      },
      body: expect.stringMatching(/^openpgp:/),
    });
    expect(await pushed(2)).toEqual([phone, tablet]);
  });

  it('wakes nobody who wrote it, whatever copy they get', async () => {
    await using client = await open(alice);
    await client.command('SETMETADATA "INBOX" (/private/devicetoken "openpgp:aliceAAA")');
    await send(bob, [alice, bob]);
    await send(alice, bob);
    expect(await pushed(3)).toEqual(['openpgp:aliceAAA', phone, tablet]);
    await client.command('SETMETADATA "INBOX" (/private/devicetoken NIL)');
  });

  it('forgets a device that is gone', async () => {
    service.behave = (response, request) => answers(request.body === tablet ? 410 : 200)(response, request);
    await send(alice, bob);
    await pushed(2);
    await expect.poll(() => tokensOf(bob)).not.toContain(tablet);
    expect(await tokensOf(bob)).toContain(phone);
    service.behave = takes;
  });

  it('is delivered while the service hangs, and told of later, also by a process that was started since', async () => {
    service.behave = () => {};
    await send(alice, bob);
    await pushed(1);
    await expect.poll(() => relay.queue()).toBe('');
    expect(await relay.inbox(bob)).toContain('multipart/encrypted');
    await service.shut();
    await expect.poll(() => relay.log()).toContain('push.unavailable');
    await relay.run(`pkill -KILL -f '[m]ain.js serve auth'`);
    service.behave = takes;
    await service.open();
    expect(await pushed(1)).toEqual([phone]);
  });

  it('forgets the devices of an account that is removed, and logs no token', async () => {
    await relay.run(`postern accounts delete ${bob} --yes`);
    const count = 'select count(*) as tokens from device_tokens';
    const program = `const { default: Database } = await import('better-sqlite3'); console.log(new Database('/var/lib/postern/postern.db').prepare('${count}').get().tokens)`;
    expect(await relay.run(`cd /opt/postern && node --input-type=module -e "${program}"`)).toBe('0\n');
    expect(await relay.log()).not.toMatch(/openpgp:/);
  });
});
