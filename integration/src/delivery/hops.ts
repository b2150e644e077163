import { encryptedMessage } from '../messages.ts';
import type { TestRelay } from '../relay.ts';
import { ImapClient } from './imap-client.ts';
import { LineChannel } from './line-channel.ts';

/** The parts of one delivery, in the order in which a message passes them. */
export const hopNames = [
  'connect to 465: TCP, TLS, greeting',
  'EHLO and AUTH',
  'MAIL, RCPT, DATA: to the 354',
  'message to 250: filter, cleanup, fsync',
  '250 to EXISTS: qmgr, lmtp, maildir, notify',
  'EXISTS to the message read: DONE, FETCH',
] as const;
export type Hop = (typeof hopNames)[number];
export type HopTimes = ReadonlyMap<Hop, number[]>;

const password = 'a password of the benchmark';

/** Sends messages from one account to another that waits, each over a connection of its own. @returns milliseconds. */
export async function measureHops(relay: TestRelay, count: number): Promise<HopTimes> {
  const times = new Map<Hop, number[]>(hopNames.map((name) => [name, []]));
  const [from, to] = [`sender001@${relay.domain}`, `reader001@${relay.domain}`];
  await using reader = await ImapClient.open({ port: relay.ports.imap, secure: true }, { name: to, password });
  await reader.idle();
  for (let at = 0; at < count; at += 1) {
    const message = await encryptedMessage({ from, to });
    let last = performance.now();
    const lap = (hop: Hop): void => {
      const now = performance.now();
      times.get(hop)?.push(now - last);
      last = now;
    };
    const session = await LineChannel.open({ port: relay.ports.submission, secure: true });
    const expect = async (code: string): Promise<void> => {
      const reply = (await session.until(/^\d{3} /)).at(-1) ?? '';
      if (!reply.startsWith(code)) throw new Error(`expected ${code}, the relay said "${reply}"`);
    };
    await expect('220');
    lap('connect to 465: TCP, TLS, greeting');
    session.send('EHLO bench.example');
    await expect('250');
    session.send(`AUTH PLAIN ${Buffer.from(`\0${from}\0${password}`).toString('base64')}`);
    await expect('235');
    lap('EHLO and AUTH');
    session.send(`MAIL FROM:<${from}>\r\nRCPT TO:<${to}>\r\nDATA`);
    for (const code of ['250', '250', '354']) await expect(code);
    lap('MAIL, RCPT, DATA: to the 354');
    const notified = reader.notified(/EXISTS/);
    session.send(`${message.trimEnd()}\r\n.`);
    await expect('250');
    lap('message to 250: filter, cleanup, fsync');
    const line = await notified;
    lap('250 to EXISTS: qmgr, lmtp, maildir, notify');
    await reader.endIdle();
    await reader.command(`FETCH ${/\d+/.exec(line)?.[0]} BODY.PEEK[]`);
    lap('EXISTS to the message read: DONE, FETCH');
    session.close();
    await reader.idle();
  }
  return times;
}

/** What Dovecot and Postfix would do without the settings that the relay gives them for the sake of speed. */
export async function makeStock(relay: TestRelay): Promise<void> {
  const dovecot = '/run/postern/dovecot.conf';
  const postfix = '/run/postern/postfix';
  await relay.run(
    `sed -i '/postern_notify = yes/d; s/ postern_notify$//; s/^imap_hibernate_timeout.*/imap_hibernate_timeout = 0/' ${dovecot}`,
  );
  await relay.run(`sed -i '/tls_config_/d' ${postfix}/master.cf`);
  await relay.run(`postconf -c ${postfix} -e smtpd_tls_session_cache_timeout=3600s`);
  await relay.run(`doveadm -c ${dovecot} reload && postfix -c ${postfix} reload`);
}
