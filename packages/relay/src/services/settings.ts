import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { accountDefaults, type AccountSettings } from '../accounts/settings.ts';
import type { Config } from '../config/config.ts';
import { isPrivateDomain } from '../config/mail-domain.ts';
import type { ExpiryRules } from '../expiry/rules.ts';
import { layoutOf, mailUser } from '../setup/layout.ts';
import type { StoreLocation } from '../store/store.ts';
import type { WebSettings } from '../web/settings.ts';

const maxLoadPerCore = 5;
const mtaStsSeconds = 28 * 86_400;

/** Where the secret lies that belongs to the database. */
export function secretPath(config: Config): string {
  return join(config.data, 'secret.key');
}

/** Where the configuration says that accounts are kept. */
export function storeLocation(config: Config): StoreLocation {
  const { url } = config.store;
  return url === 'sqlite' ? { kind: 'sqlite', path: layoutOf(config).database } : { kind: 'postgresql', url };
}

export function accountSettings(config: Config): AccountSettings {
  const { mail } = layoutOf(config);
  const { argon2MemoryKib, argon2Passes, newPerSourceHour, newPerHour, automaticPerHour } = config.accounts;
  return {
    ...accountDefaults,
    ...config.accounts,
    passwords: {
      ...accountDefaults.passwords,
      argon2: { memoryKiB: argon2MemoryKib, passes: argon2Passes, lanes: 1 },
    },
    budgets: {
      perSource: { count: newPerSourceHour, windowSeconds: 3_600 },
      relay: { count: newPerHour, windowSeconds: 3_600 },
      automatic: { count: automaticPerHour, windowSeconds: 3_600 },
    },
    domain: config.domain,
    unusedDays: config.keep.unusedAccountDays,
    homeOf: (user) => join(mail, user),
    uid: mailUser.uid,
    gid: mailUser.uid,
    shortages: {
      maxLoad1m: config.accounts.maxLoad ?? maxLoadPerCore * availableParallelism(),
      minFreeMemoryBytes: config.accounts.minFreeMemoryMb * 1_000_000,
      minFreeDiskBytes: config.accounts.minFreeDiskMb * 1_000_000,
      diskFolder: config.data,
    },
  };
}

/** What the relay removes by itself, and when. */
export function expiryRules({ keep }: Config): ExpiryRules {
  const { mailboxMb, ...rules } = keep;
  return { ...rules, mailboxBytes: mailboxMb * 1_000_000 };
}

export function webSettings(config: Config): WebSettings {
  const { domain, reachable, operator } = config;
  const literal = /^\[(?:ipv6:)?(.+)\]$/.exec(domain)?.[1];
  const host = reachable.host ?? literal ?? domain;
  const port = reachable.webPort === 443 ? '' : `:${reachable.webPort}`;
  return {
    domain,
    origin: `https://${host.includes(':') ? `[${host}]` : host}${port}`,
    imap: [{ host, port: reachable.imapPort, security: 'ssl' }],
    smtp: [{ host, port: reachable.submissionPort, security: 'ssl' }],
    retention: retentionOf(config),
    acceptsCleartext: config.mail.incomingCleartext === 'accept',
    alpn: {
      imap: { address: { host: '127.0.0.1', port: 993 }, proxyProtocol: 'none' },
      smtp: { address: { host: '127.0.0.1', port: 465 }, proxyProtocol: 'none' },
    },
    // Counts only once the operator publishes the DNS record for it, which needs a certificate that others accept.
    ...(!isPrivateDomain(domain) && { mtaSts: { mode: 'enforce', maxAgeSeconds: mtaStsSeconds, mx: [domain] } }),
    customFolder: join(config.data, 'page'),
    operator: {
      ...(operator.name !== undefined && { name: operator.name }),
      ...(operator.contact !== undefined && { contact: operator.contact }),
      ...(operator.address !== undefined && { address: operator.address }),
    },
  };
}

function retentionOf({ keep }: Config): WebSettings['retention'] {
  return {
    recordsLastLogin: true,
    ...(keep.mailDays > 0 && { messageDays: keep.mailDays }),
    ...(keep.largeMailDays > 0 && { largeMessageDays: keep.largeMailDays, largeMessageBytes: keep.largeMailBytes }),
    ...(keep.unusedAccountDays > 0 && { unusedAccountDays: keep.unusedAccountDays }),
    ...(keep.mailboxMb > 0 && { mailboxBytes: keep.mailboxMb * 1_000_000 }),
  };
}
