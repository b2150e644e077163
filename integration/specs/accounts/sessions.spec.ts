import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ImapClient } from '../../src/delivery/imap-client.ts';
import { startRelay, type TestRelay } from '../../src/relay.ts';

/** Whoever is blocked or deleted is out at once, and nobody else notices: on the Dovecot of either Debian. */
describe.each([
  { suite: 'bookworm', version: '2.3' },
  { suite: 'trixie', version: '2.4' },
] as const)('an operator who puts somebody out, with Dovecot $version', ({ suite }) => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startRelay({ domain: 'chat.example', suite });
  });
  afterAll(() => relay[Symbol.asyncDispose]());

  const password = 'correct horse battery';
  const open = (local: string): Promise<ImapClient> =>
    ImapClient.open({ port: relay.ports.imap, secure: true }, { name: `${local}@chat.example`, password });
  /** Clients that wait, of which Dovecot keeps only one process for all. */
  const hibernating = async (...locals: readonly string[]): Promise<ImapClient[]> => {
    const clients = await Promise.all(locals.map(open));
    for (const client of clients) await client.idle();
    await relay.run('for n in $(seq 200); do [ $(pgrep -xc imap) -le 2 ] && exit 0; sleep 0.05; done; exit 1');
    return clients;
  };

  it('ends what somebody has open by blocking them, hibernated or not', async () => {
    const [waiting, neighbour] = await hibernating('blocked01', 'neighbour');
    await using active = await open('blocked01');
    const out = Promise.all([waiting?.notified(/never/), active.notified(/never/)].map((end) => end?.catch(String)));
    expect(await relay.run('postern accounts block blocked01@chat.example')).toBe('blocked01@chat.example: blocked\n');
    expect(await out).toEqual(Array.from({ length: 2 }, () => expect.stringMatching(/closed|reset/i)));
    await expect(open('blocked01')).rejects.toThrow(/NO \[ALERT\]|AUTHENTICATIONFAILED/);
    await neighbour?.endIdle();
    await neighbour?.command('NOOP');
    await neighbour?.[Symbol.asyncDispose]();
    expect(await relay.run('doveadm who -1 blocked01@chat.example | tail -n +2')).toBe('');
    expect(await relay.run('postern accounts delete --yes blocked01@chat.example 2>&1')).toBe('1 of 1 deleted.\n');
  });

  it('ends what somebody has open by deleting them, and leaves no mailbox behind', async () => {
    const [waiting, neighbour] = await hibernating('deleted01', 'neighbour');
    const out = waiting?.notified(/never/).catch(String);
    await relay.run('postern accounts delete --yes deleted01@chat.example');
    expect(await out).toMatch(/closed|reset/i);
    await expect(open('deleted01')).rejects.toThrow(/NO /);
    await neighbour?.endIdle();
    await neighbour?.[Symbol.asyncDispose]();
    expect(await relay.run('ls /var/lib/postern/mail | grep -c deleted01 || true')).toBe('0\n');
  });

  it('is told when the secret was replaced, and the relay waits for the right one', async () => {
    await relay.run(
      'cd /var/lib/postern && mv secret.key right.key && head -c 32 /dev/urandom >secret.key && chown postern: secret.key',
    );
    await expect(relay.run('postern accounts list --count')).rejects.toThrow(/secret\.key: is not the secret/);
    await relay.run('pkill -f "[m]ain.js serve auth"');
    await expect.poll(() => relay.log(), { timeout: 30_000 }).toMatch(/secret\.key: is not the secret/);
    await relay.run('cd /var/lib/postern && mv right.key secret.key');
    await expect.poll(() => open('neighbour').then(() => 'in', String), { timeout: 30_000 }).toBe('in');
  });
});
