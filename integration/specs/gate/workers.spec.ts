import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Conversation, login, sendMail } from '../../src/conversation.ts';
import { IncomingSession } from '../../src/gate/incoming-session.ts';
import { cleartextMessage, encryptedMessage, wrapArmored } from '../../src/messages.ts';
import { type TestRelay, startRelay } from '../../src/relay.ts';

const domain = '_workers.test';
const [alice, bob] = [`alice0001@${domain}`, `bob000001@${domain}`];
const password = 'some-password';
const envelope = { from: alice, to: bob };
let relay: TestRelay;

beforeAll(async () => {
  relay = await startRelay({
    domain,
    suite: 'bookworm',
    config: 'mail.incoming_unsigned = "accept"\nlimits.pacing_seconds = 0\nfilter.workers = 2\nmetrics.port = 9253',
  });
  for (const address of [alice, bob]) await (await submission(address))[Symbol.asyncDispose]();
});

afterAll(async () => {
  await relay[Symbol.asyncDispose]();
});

function submission(address = alice): Promise<Conversation> {
  return login(relay.at(465), address, password);
}

async function workers(): Promise<string[]> {
  return (await relay.run('pgrep -f [f]ilter-worker.js')).trim().split('\n');
}

/** A session that has named sender and recipient, so that a worker holds its connection. */
async function begun(): Promise<Conversation> {
  const session = await submission();
  await session.say(`
    C: MAIL FROM:<${alice}>
    S: 250
    C: RCPT TO:<${bob}>
    S: 250`);
  return session;
}

async function finish(session: Conversation, message: string): Promise<string> {
  session.send('DATA\r\n');
  const reply = await session.reply();
  if (!reply.startsWith('354')) return reply;
  session.send(`${message}.\r\n`);
  return await session.reply();
}

async function connectionsOf(worker: string): Promise<number> {
  return Number(await relay.run(`ls /proc/${worker}/fd | wc -l`));
}

describe('the filter’s workers', () => {
  it('are as many as configured; one that crashes costs its own connections only, and comes back', async () => {
    const before = await workers();
    expect(before).toHaveLength(2);
    const [worker = ''] = before;
    const idle = await connectionsOf(worker);
    const sessions = await Promise.all(Array.from({ length: 12 }, begun));
    const own = (await connectionsOf(worker)) - idle;
    await relay.run(`kill -KILL ${worker}`);
    const message = await encryptedMessage(envelope);
    const replies = await Promise.all(sessions.map((session) => finish(session, message)));
    expect(replies.filter((reply) => reply.startsWith('4'))).toHaveLength(own);
    expect(replies.filter((reply) => reply.startsWith('250'))).toHaveLength(12 - own);
    await Promise.all(sessions.map((session) => session[Symbol.asyncDispose]()));
    await expect.poll(workers).toHaveLength(2);
    expect(await workers()).not.toContain(worker);
    await expect.poll(() => relay.log(), { timeout: 20_000 }).toMatch(/worker\.back.*afterMs/);
    await using again = await submission();
    expect(await sendMail(again, envelope, message)).toMatch(/^250/);
  });

  it('go on with others while a large message is under way, and while one of them hangs', async () => {
    const armored = Buffer.alloc(22_000_000, 'never the right form').toString('base64').replace(/.{64}/g, '$&\r\n');
    const large = wrapArmored(`-----BEGIN PGP MESSAGE-----\r\n\r\n${armored}\r\n-----END PGP MESSAGE-----`, envelope);
    const small = await encryptedMessage(envelope);
    await using slow = await begun();
    slow.send('DATA\r\n');
    await slow.expect('354');
    slow.send(large.slice(0, large.length / 2));
    const [hanging = ''] = await workers();
    await relay.run(`kill -STOP ${hanging}`);
    for (let n = 0; n < 5; n += 1) {
      await using session = await submission();
      expect(await sendMail(session, envelope, small)).toMatch(/^250/);
    }
    await relay.run(`kill -CONT ${hanging}`);
    slow.send(`${large.slice(large.length / 2)}.\r\n`);
    await slow.expect('523');
  });

  it('count into one place, without anybody’s address', async () => {
    await using outgoing = await submission();
    expect(await sendMail(outgoing, envelope, await encryptedMessage(envelope))).toMatch(/^250/);
    await using incoming = await IncomingSession.open(relay.at(25));
    const message = Buffer.from(cleartextMessage({ from: 'somebody@other.example', to: bob }));
    expect(await incoming.deliver({ from: 'somebody@other.example', to: bob }, message)).toMatch(/^250 /);
    const metrics = (): Promise<string> =>
      relay.run(`node -e 'fetch("http://127.0.0.1:9253/metrics").then((r) => r.text()).then(console.log)'`);
    const counted = (door: string, reason: string): RegExp =>
      new RegExp(String.raw`postern_messages_total\{door="${door}",verdict="accept",reason="${reason}"\} \d`);
    await expect.poll(metrics, { timeout: 20_000 }).toMatch(counted('submission', 'encrypted'));
    await expect.poll(metrics, { timeout: 20_000 }).toMatch(counted('incoming', 'cleartext'));
    // What the other services count is read here, too: logins, and what the page gave out.
    await expect(login(relay.at(465), alice, 'another password')).rejects.toThrow(/535/);
    await expect(login(relay.at(465), `short0001@${domain}`, 'short')).rejects.toThrow(/535/);
    await relay.run(
      `postern registration close && NODE_TLS_REJECT_UNAUTHORIZED=0 node -e 'fetch("https://127.0.0.1/new", { method: "POST" })'; postern registration open`,
    );
    const all = await metrics();
    expect(all).toMatch(/postern_accounts_created_total\{by="person"\} 2\n/);
    expect(all).toMatch(/postern_logins_refused_total\{reason="wrong-password"\} 1\n/);
    expect(all).toMatch(/postern_logins_refused_total\{reason="password-short"\} 1\n/);
    expect(all).toMatch(/postern_signups_refused_total\{reason="closed"\} 1\n/);
    const documented = await readFile(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
    for (const [, name] of all.matchAll(/^# TYPE (\S+)/gm)) expect(documented).toContain(`| \`${name}\` |`);
    expect(await metrics()).not.toMatch(/@|_workers|alice|127\.0/);
  });

  it('remember what was sent when all of them are killed', async () => {
    await using session = await submission(bob);
    const fromBob = { from: bob, to: alice };
    const message = await encryptedMessage(fromBob);
    for (let n = 0; n < 60; n += 1) expect(await sendMail(session, fromBob, message)).toMatch(/^250/);
    const counted = `node -e 'const D=require("/opt/postern/node_modules/better-sqlite3");const r=new D("/var/lib/postern/postern.db",{readonly:true}).prepare("select usage from mail_usage where key=?").get("from ${bob}");console.log(r?JSON.parse(r.usage).messages.length:0)'`;
    await expect.poll(async () => (await relay.run(counted)).trim()).toBe('60');
    await relay.run(`pkill -KILL -f '[m]ain.js serve filter'`);
    await expect
      .poll(async () => {
        await using again = await submission(bob);
        return await sendMail(again, fromBob, message);
      })
      .toMatch(/^450 4\.7\.1: Too much mail/);
  });
});
