import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { login } from '../../src/conversation.ts';
import { areAwake } from '../../src/delivery/notification.ts';
import { startRelay, type TestRelay } from '../../src/relay.ts';
import { ask, change, Mailbox, password } from '../../src/storage/mailbox.ts';

const domain = '_expiry.test';
const today = Math.floor(Date.now() / 86_400_000);
const mailFolder = '/var/lib/postern/mail';

describe.each(['trixie', 'bookworm'] as const)('a relay on %s, as time passes,', (suite) => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startRelay({ domain, suite, config: 'keep.large_mail_bytes = 20000' });
  });
  afterAll(() => relay[Symbol.asyncDispose]());

  const addressOf = (name: string): string => `${name}@${domain}`;
  const open = (name: string): Promise<Mailbox> => Mailbox.open(relay, addressOf(name));

  it('removes messages that are too old, large ones that were seen sooner, and says first what it would do', async () => {
    await using waiting = await open('alice0001');
    {
      await using writer = await open('alice0001');
      await writer.client.command('CREATE DeltaChat');
      await writer.store(
        { ageDays: 21 },
        { ageDays: 19 },
        { ageDays: 8, bytes: 30_000, isSeen: true },
        { ageDays: 8, bytes: 30_001 },
        { ageDays: 6, bytes: 30_000, isSeen: true },
        { ageDays: 25, folder: 'DeltaChat' },
      );
    }
    await waiting.client.idle();
    await relay.eventually(areAwake(0));
    const plan = await relay.run(`postern expire --dry-run ${addressOf('alice0001')}`);
    expect(plan).toMatch(/^3 messages too old would be removed/);
    await using reader = await open('alice0001');
    expect(await reader.fields('Subject')).toHaveLength(5);

    await change(relay, 'update accounts set created_day = 20000');
    expect(await relay.run('postern expire')).toMatch(/^3 messages too old removed [^]*^1 mailbox looked at/m);
    expect(await waiting.client.notified(/EXPUNGE/)).toMatch(/^\* \d EXPUNGE$/);
    expect(await reader.fields('Subject')).toEqual(['19 days old', '8 days old', '6 days old']);
    expect(await reader.fields('Subject', 'DeltaChat')).toEqual([]);
    expect(await relay.run('postern expire')).toMatch(/^0 mailboxes looked at/m);
  });

  it('removes accounts that nobody uses, and nobody gets their address', async () => {
    const names = ['unused001', 'sending01', 'connected', 'returning'] as const;
    for (const name of names) await (await open(name))[Symbol.asyncDispose]();
    // The day of a login is written a moment after it.
    await expect.poll(() => ask(relay, `select count(*) from accounts where last_imap_day >= ${today}`)).toBe(5);
    await using connected = await open('connected');
    const long = today - 91;
    await change(relay, `update accounts set created_day = 20000, last_imap_day = ${long}`);
    await change(relay, `update accounts set last_smtp_day = ${today - 60} where address like 'sending01@%'`);
    await (await login(relay.at(465), addressOf('returning'), password))[Symbol.asyncDispose]();
    expect(await relay.run('postern expire --dry-run')).toMatch(/^2 unused accounts would be removed/m);
    await (await open('alice0001'))[Symbol.asyncDispose](); // the other one that would have been, comes back at last

    expect(await relay.run('postern expire')).toMatch(/^1 unused account removed/m);
    expect(await ask(relay, 'select count(*) from accounts')).toBe(names.length);
    expect(await relay.run(`ls ${mailFolder}`)).not.toContain('unused001');
    await expect(open('unused001')).rejects.toThrow(/NO /);
    await connected.client.command('NOOP');
    for (const name of ['sending01', 'returning']) await (await open(name))[Symbol.asyncDispose]();
  });

  it('goes on where it was killed, with two runs at once', async () => {
    const count = 220; // a batch, and some
    await relay.run(
      `cd ${mailFolder} && for n in $(seq -w ${count}); do d=many-0$n@${domain}/Maildir; mkdir -p $d/cur $d/new $d/tmp
       echo text >$d/cur/1790000000.M1P1.test:2,S; touch -d "30 days ago" $d/cur/*; done; chown -R vmail: .`,
    );
    const numbers = `with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${count})`;
    await change(
      relay,
      `${numbers} insert into accounts (address, password, created_day, last_imap_day) select printf('many-0%03d@${domain}', n), '{LOCKED}', 20000, ${today} from numbers`,
    );
    await relay.run('pkill -STOP -f "[m]ain.js serve auth"'); // whoever asks Dovecot for a mailbox waits
    await relay.run('(postern expire >/dev/null 2>&1 & echo $! >/tmp/expire.pid)');
    const leased = 'select count(*) from mailbox_visits where visit_at between 1 and unixepoch() + 600';
    await expect.poll(() => ask(relay, leased)).toBe(200);
    await relay.run('kill -KILL $(cat /tmp/expire.pid); pkill -KILL doveadm; pkill -CONT -f "[m]ain.js serve auth"');
    await change(relay, 'update mailbox_visits set visit_at = visit_at - 601 where visit_at < unixepoch() + 601');
    const runs = await Promise.all([relay.run('postern expire --json'), relay.run('postern expire --json')]);
    const removed = runs.map((text) => Number(/"messages":(\d+)/.exec(text)?.[1]));
    expect(removed.reduce((sum, messages) => sum + messages, 0)).toBe(count);
    expect(await relay.run(`find ${mailFolder} -path "*many-0*/cur/*" | wc -l`)).toBe('0\n');
    expect(await relay.log()).not.toMatch(/@|alice|many/);
  });
});
