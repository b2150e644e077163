/** Clients that log in to two of the same Dovecot, one asking nobody and one asking us, both set up as on a relay. */
import { plain } from '../../integration/src/dovecot-auth/dialogue.ts';
import type { DebianHost, MailHost } from '../../integration/src/dovecot-auth/mail-host.ts';
import { benchUser } from '../../integration/src/accounts/bench-accounts.ts';

export const typed = 'correct horse battery';
export const machineMade = 'k9TfzQ2WmhXb7RLcP4vGsD';
const atOnce = 20;

export const protocols = ['imap', 'submission'] as const;
export type Protocol = (typeof protocols)[number];

export async function login(host: MailHost, protocol: Protocol, user: string, password: string): Promise<boolean> {
  using client = await (protocol === 'imap' ? host.imap() : host.submission());
  if (protocol === 'submission') await client.say('EHLO bench.example');
  await client.secure();
  if (protocol === 'imap') return (await client.say(`AUTHENTICATE PLAIN ${plain(user, password)}`)).startsWith('OK ');
  await client.say('EHLO bench.example');
  return (await client.say(`AUTH PLAIN ${plain(user, password)}`)).startsWith('235 ');
}

/** Logins with so many clients at a time. @returns their rate, and how long the slowest took. */
export async function crowd(
  count: number,
  work: (at: number) => Promise<boolean>,
  clients: number = atOnce,
): Promise<{ readonly rate: number; readonly slowestMs: number; readonly failed: number }> {
  let next = 0;
  let slowestMs = 0;
  let failed = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (let at = next++; at < count; at = next++) {
        const since = performance.now();
        if (!(await work(at))) failed += 1;
        slowestMs = Math.max(slowestMs, performance.now() - since);
      }
    }),
  );
  return { rate: (count * 1_000) / (performance.now() - startedAt), slowestMs, failed };
}

/** Ends the backend and starts ours; the accounts stay. */
export async function startOurs(host: MailHost): Promise<void> {
  await host.stopBackend();
  await host.run(
    ': >/var/log/backend.log; cd /postern; exec setsid node_modules/.bin/node --conditions=@postern/source integration/src/accounts/backend-program.ts >>/var/log/backend.log 2>&1 & echo $! >/run/backend.pid',
  );
  await host.run(
    'for i in $(seq 600); do grep -q ^ready /var/log/backend.log && exit 0; sleep 0.05; done; cat /var/log/backend.log; exit 1',
  );
}

/** As on a relay: over TLS, with login processes that stay, and without a line of debugging per step. */
export async function restartDovecot(host: MailHost, { version }: DebianHost): Promise<void> {
  const [certificate, key, staying] =
    version === '2.3'
      ? ['ssl_cert = <', 'ssl_key = <', 'service_count = 0']
      : ['ssl_server_cert_file = ', 'ssl_server_key_file = ', 'restart_request_count = unlimited'];
  const settings = [
    'ssl = yes',
    `${certificate}/etc/bench.pem`,
    `${key}/etc/bench.pem`,
    'service imap-login {',
    staying,
    'client_limit = 5000',
    'process_min_avail = 2',
    'vsz_limit = 1G',
    '}',
  ];
  await host.run(
    `sed -i '/^\\(log_debug\\|auth_debug\\|mail_debug\\|auth_verbose\\)/d; s|^ssl = no|${settings.join(String.raw`\n`)}|' /etc/dovecot/dovecot.conf; dovecot stop; for i in $(seq 200); do pgrep -x "dovecot|auth" >/dev/null || break; sleep 0.02; done; dovecot`,
  );
}

/** Starts both, and lets the first clients in, who start processes. */
export async function openDoors(debian: DebianHost, limit: MailHost, ours: MailHost): Promise<void> {
  await limit.useDoor('static');
  await ours.useDoor('auth-protocol');
  await startOurs(ours);
  for (const host of [limit, ours]) {
    await host.run(
      'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=bench.example -keyout /etc/bench.pem -out /tmp/bench.crt && cat /tmp/bench.crt >>/etc/bench.pem && postconf -e smtpd_tls_chain_files=/etc/bench.pem smtpd_tls_security_level=may smtpd_tls_session_cache_timeout=0 && postfix reload',
    );
    await restartDovecot(host, debian);
    for (const protocol of protocols) await crowd(atOnce, (at) => login(host, protocol, benchUser(at), typed));
  }
}
