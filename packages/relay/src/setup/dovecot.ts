import type { Config } from '../config/config.ts';
import { type Layout, mailUser } from './layout.ts';
import { notifyPlugin } from './notify-plugin.ts';

/** The two series that Debian ships: 2.3 in Debian 12, 2.4 in Debian 13. Their settings differ in name and form. */
export type DovecotSeries = '2.3' | '2.4';

/** @param version what `dovecot --version` prints. @throws RangeError for a series that Postern was never run on. */
export function dovecotSeries(version: string): DovecotSeries {
  const series = /^(2\.[34])\./.exec(version)?.[1];
  if (series === '2.3' || series === '2.4') return series;
  throw new RangeError(`Dovecot ${version.trim()} is installed; Postern runs on 2.3 (Debian 12) and 2.4 (Debian 13).`);
}

/** What of Dovecot is on this machine. */
export interface InstalledDovecot {
  readonly series: DovecotSeries;
  readonly hasNotifyPlugin: boolean;
}

/**
 * `dovecot.conf` for a relay. There is no passdb and no userdb: our backend is Dovecot's auth server, on its own auth
 * protocol, for the login processes (client socket) and for imap, lmtp and doveadm (master socket).
 */
export function dovecotConf(config: Config, layout: Layout, installed: InstalledDovecot): string {
  return installed.series === '2.4' ? conf24(config, layout, installed) : conf23(config, layout, installed);
}

function conf24(config: Config, layout: Layout, { hasNotifyPlugin }: InstalledDovecot): string {
  const isPushing = config.push.service !== 'off';
  return `dovecot_config_version = 2.4.1
dovecot_storage_version = 2.4.1
${common(config, hasNotifyPlugin)}
login_socket_path = ${config.run}/auth-login.sock
imap_capability {
  XCHATMAIL = yes
${isPushing ? '  XDELTAPUSH = yes' : ''}
  # A client that compresses keeps a process of its own for as long as it waits: it can never be hibernated.
  "COMPRESS=DEFLATE" = no
}
${metadata24(config)}
${quota24(config, layout)}
ssl_server_cert_file = ${layout.certificate}
ssl_server_key_file = ${layout.key}
mail_driver = maildir
mail_path = ~/Maildir
protocol imap {
  mail_plugins {
    ${hasQuota(config) ? 'imap_quota = yes' : ''}
    ${hasNotifyPlugin ? `${notifyPlugin} = yes` : ''}
  }
}
service imap-login {
  chroot =
  restart_request_count = unlimited
  ${loginService}
}
service imap {
  restart_request_count = ${clientsInTurn}
  idle_kill_interval = ${idleSeconds}s
}
service lmtp {
  restart_request_count = unlimited # 2.4 would start a program for each message
}
# 2.4 would put off what exceeds ten at once, and Postfix tries again after minutes only.
lmtp_user_concurrency_limit = unlimited
${services(config, layout)}
`;
}

function metadata24(config: Config): string {
  return `mail_attribute {
  dict proxy {
    name = metadata
    socket_path = ${config.run}/metadata.sock
  }
}`;
}

/**
 * Room for each account. Dovecot tells when a mailbox passes one of the thresholds: the second and third are for what
 * comes while the first is being dealt with, or when nothing could be removed then. What does not fit is refused for
 * now (452 4.2.2), and Postfix tries again: there is room at the latest when the oldest mail has been there for a day.
 */
function quota24(config: Config, layout: Layout): string {
  if (!hasQuota(config)) return '';
  const warnings = thresholds(config).map(
    (percent) => `  quota_warning above-${percent} {
    quota_storage_percentage = ${percent}
    execute ${layout.fullSocket} {
      args = %{user}
    }
  }`,
  );
  return `mail_plugins {
  quota = yes
}
quota "User quota" {
  driver = maildir
  quota_storage_size = ${quotaBytes(config)}B
  quota_storage_grace = 0
${warnings.join('\n')}
}
quota_full_tempfail = yes`;
}

function quota23(config: Config, layout: Layout): string {
  if (!hasQuota(config)) return '';
  const warnings = thresholds(config).map(
    (percent, at) => `  quota_warning${at === 0 ? '' : at + 1} = storage=${percent}%% ${layout.fullSocket} %u`,
  );
  return `mail_plugins = quota
plugin {
  quota = maildir:User quota
  quota_rule = *:storage=${quotaBytes(config)}B
  quota_grace = 0%%
${warnings.join('\n')}
}
quota_full_tempfail = yes`;
}

function hasQuota({ keep }: Config): boolean {
  return keep.mailboxMb > 0;
}

function quotaBytes({ keep }: Config): number {
  return keep.mailboxMb * 1_000_000;
}

/** The highest first: of those that one message passes, Dovecot 2.3 reports only the first in its list. */
function thresholds({ keep }: Config): number[] {
  const lowest = keep.evictAbovePercent;
  const between = [2 / 3, 1 / 3].map((part) => Math.floor(lowest + (100 - lowest) * part));
  return [...new Set([...between, lowest])];
}

function conf23(config: Config, layout: Layout, { hasNotifyPlugin }: InstalledDovecot): string {
  const isPushing = config.push.service !== 'off';
  return `${common(config, hasNotifyPlugin)}
imap_capability = +XCHATMAIL${isPushing ? ' XDELTAPUSH' : ''}
mail_attribute_dict = proxy:${config.run}/metadata.sock:metadata
${quota23(config, layout)}
ssl_cert = <${layout.certificate}
ssl_key = <${layout.key}
mail_location = maildir:~/Maildir
protocol imap {
  mail_plugins = $mail_plugins ${hasQuota(config) ? 'imap_quota' : ''} ${hasNotifyPlugin ? notifyPlugin : ''}
}
service imap-login {
  executable = imap-login ${config.run}/auth-login.sock
  chroot =
  service_count = 0
  ${loginService}
}
service imap {
  service_count = ${clientsInTurn}
  idle_kill = ${idleSeconds}s
}
${services(config, layout)}
`;
}

/**
 * Not without the plugin: of what comes in the half second before it puts a client to sleep Dovecot alone tells nobody,
 * until there is more (lib-storage/mailbox-watch.c, mailbox_watch_extract_notify_fd()).
 */
const hibernation = `
# A client that has waited for a second needs no process of its own any more: one process watches for all of them, and
# wakes one up within milliseconds when mail comes.
imap_hibernate_timeout = 1s`;

/** Login processes stay and serve many clients: after a restart everybody comes back at once. */
const loginService = `process_min_avail = 2
  client_limit = 5000
  vsz_limit = 1G
  inet_listener imap {
    port = 143
  }
  inet_listener imaps {
    port = 993
  }`;

function common(config: Config, hasNotifyPlugin: boolean): string {
  return `protocols = imap lmtp
base_dir = ${config.run}/dovecot
log_path = /dev/stderr
# Who logs in from where is nobody's business.
info_log_path = /dev/null
debug_log_path = /dev/null
ssl = required
ssl_min_protocol = TLSv1.3
auth_socket_path = ${config.run}/auth-master.sock
mail_uid = ${mailUser.uid}
mail_gid = ${mailUser.uid}
first_valid_uid = ${mailUser.uid}
mail_max_userip_connections = 50
# The ways of a message are nobody's business once it has arrived.
lmtp_add_received_header = no
${hasNotifyPlugin ? hibernation : ''}
imap_metadata = yes
${adminSetting(config)}
default_client_limit = 20000
namespace inbox {
  inbox = yes
}`;
}

/** Dovecot answers METADATA's `/shared/admin` out of its own settings (lib-storage/index/index-attribute.c). */
function adminSetting({ operator }: Config): string {
  const uri = operator.contact === undefined ? undefined : contactUri(operator.contact);
  return uri === undefined ? '' : `mail_server_admin = ${uri}`;
}

/**
 * What operators write as their contact is for people; a program gets it if it is an address (RFC 5464 §6.2.2: a URI)
 * of characters that mean nothing to Dovecot's configuration.
 */
export function contactUri(contact: string): string | undefined {
  const uri = /^[^@:/]+@[^@:/]+$/.test(contact) ? `mailto:${contact}` : contact;
  return /^[a-z][a-z0-9+.-]*:[\w@:/.+~=&?-]+$/i.test(uri) ? uri : undefined;
}

/** Started ahead, for the next client that logs in or wakes up, and the next message: starting one takes some 15 ms. */
const spareProcesses = 2;

/**
 * Clients that one imap process serves, one after another: starting one for each client that wakes up would be half of
 * what a message costs. All of them run as the same user anyway, and end after a while in case they leak; Dovecot's own
 * commercial edition does so (src/imap/imap-settings.c).
 */
const clientsInTurn = 1000;
/** What a storm of logins started goes again soon, but for those that are spare. */
const idleSeconds = 15;

function services(config: Config, layout: Layout): string {
  return `service imap {
  executable = imap -a ${config.run}/auth-master.sock
  process_limit = 10000
  process_min_avail = ${spareProcesses}
  unix_listener imap-master {
    user = dovecot
  }
}
service imap-hibernate {
  process_min_avail = 1
  unix_listener imap-hibernate {
    mode = 0600
    user = ${mailUser.name}
  }
}
service lmtp {
  process_min_avail = ${spareProcesses}
  unix_listener ${layout.lmtpSocket} {
    mode = 0660
    group = postfix
  }
}
# Clients are not told apart by address, so nobody is slowed down for what a neighbour did.
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}`;
}
