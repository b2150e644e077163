import type { TestRelay } from '../relay.ts';
import { address, importAccounts, password } from './crowd.ts';
import { ImapClient } from './imap-client.ts';
import { LmtpClient } from './lmtp-client.ts';

const clients = 60;

/**
 * From the 250 of Dovecot's LMTP server until a client that waits hears of the message, for each message in milliseconds;
 * negative when the client heard first. The clients are many, so that each can be asleep when its message comes.
 */
export async function measureNotification(
  relay: TestRelay,
  state: 'awake' | 'hibernated',
  rounds: number,
): Promise<number[]> {
  await importAccounts(relay, clients);
  await using lmtp = await LmtpClient.open(await openLmtp(relay));
  const waiting: ImapClient[] = [];
  try {
    for (let at = 0; at < clients; at += 1) {
      waiting.push(await ImapClient.open({ ...relay.at(993), secure: true }, { name: address(relay, at), password }));
    }
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      for (const client of waiting) await client.idle();
      if (state === 'hibernated') await relay.eventually(areAwake(0));
      for (const [at, client] of waiting.entries()) {
        const heard = client.notified(/EXISTS/).then(() => performance.now());
        await lmtp.deliver(address(relay, at));
        const accepted = performance.now();
        times.push((await heard) - accepted);
      }
      for (const client of waiting) await client.endIdle();
    }
    return times;
  } finally {
    await Promise.all(waiting.map((client) => client[Symbol.asyncDispose]()));
  }
}

/** Holds in a relay when that many clients are served: the others are hibernated. */
export function areAwake(count: number): string {
  return `[ "$(doveadm process status imap | awk '$3 == 0' | wc -l)" = ${count} ]`;
}

/** The relay itself takes mail from nobody but its own Postfix, on a unix socket. */
async function openLmtp(relay: TestRelay): Promise<{ port: number; host: string }> {
  const port = 2424;
  const listener = `service lmtp {\\n  inet_listener lmtp {\\n    port = ${port}\\n  }\\n}\\n`;
  await relay.run(
    `conf=/run/postern/dovecot.conf; grep -q ${port} $conf || { printf '${listener}' >> $conf; doveadm -c $conf reload; }`,
  );
  await relay.run(
    `for n in $(seq 100); do grep -qi ':${port.toString(16).padStart(4, '0')} ' /proc/net/tcp && exit 0; sleep 0.1; done; tail -8 /run/postern/dovecot.conf; exit 1`,
  );
  return { port, host: relay.container.getIpAddress(relay.container.getNetworkNames()[0] ?? 'bridge') };
}
