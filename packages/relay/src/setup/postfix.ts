import { isIPv4 } from 'node:net';
import type { Config } from '../config/config.ts';
import { isAddressLiteral } from '../config/mail-domain.ts';
import { deliveryPort, type Layout } from './layout.ts';
import { asksForPolicies, policyTable } from './mta-sts.ts';

/**
 * `main.cf` for a relay: nothing is relayed or accepted unless a service in `master.cf` says so, and a filter that
 * cannot be asked means a 4xx, never a message that passes (postconf(5), MILTER_README).
 */
export function postfixMain(config: Config, layout: Layout): string {
  const filter = (socket: string): string =>
    `{ unix:${config.run}/${socket}.sock, default_action=tempfail, connect_timeout=10s, command_timeout=15s, content_timeout=300s }`;
  return lines({
    compatibility_level: '3.6',
    queue_directory: layout.queue,
    maillog_file: '/dev/stdout',
    myhostname: hostName(config.domain),
    myorigin: config.domain,
    mydestination: `regexp:${layout.postfixFolder}/own-domain`,
    mynetworks: '',
    alias_maps: '',
    alias_database: '',
    inet_protocols: 'all',

    // Which addresses exist is not told at SMTP time; Dovecot's LMTP knows.
    local_recipient_maps: '',
    local_transport: `lmtp:unix:${layout.lmtpSocket}`,
    disable_vrfy_command: 'yes',

    // Dovecot's LMTP, and half of the other servers, know ASCII addresses only: what needs more (RFC 6531) is not offered and
    // not taken, so that nothing is accepted that has to be returned.
    smtputf8_enable: 'no',
    smtpd_recipient_restrictions: ['sender', 'recipient']
      .map((side) => `check_${side}_access regexp:${layout.postfixFolder}/ascii-only`)
      .join(', '),

    // Refuse by default; each service below opens what it is for.
    smtpd_relay_restrictions: 'reject',
    smtpd_milters: '',
    milter_default_action: 'tempfail',
    milter_protocol: '6',
    // Delivery reports pass a filter too, which signs them; nothing else is made on this machine.
    internal_mail_filter_classes: 'bounce',
    non_smtpd_milters: isAddressLiteral(config.domain) ? '' : filter('filter-report'),
    submission_filter: filter('filter-submission'),
    incoming_filter: filter('filter-incoming'),

    // Only CR LF "." CR LF ends a message, and nobody talks ahead: no second message hides in the first (CVE-2023-51764).
    // Debian 12's Postfix has both off.
    smtpd_forbid_bare_newline: 'normalize',
    smtpd_forbid_unauth_pipelining: 'yes',

    // A bounce carries the header of what could not be delivered, never its text: incoming mail may be readable.
    bounce_size_limit: '1',

    message_size_limit: String(config.mail.maxMessageBytes),
    mailbox_size_limit: '0',
    // Mail reaches the mailbox as it came; at 998 characters Postfix would break lines.
    lmtp_line_length_limit: '0',
    // Postfix waits at least this long, then as long as the message has waited already: a chat that met a restart goes on
    // after seconds, a dead relay is asked ever more rarely. By default it is five minutes, also after Dovecot's restart.
    minimal_backoff_time: '10s',
    queue_run_delay: '10s',
    // A server that hangs: few connections to it at once, and not for long.
    smtp_connect_timeout: '10s',
    initial_destination_concurrency: '2',
    maximal_queue_lifetime: '2d',
    bounce_queue_lifetime: '2d',

    // Stay for a while after a message: on a small relay the next one would wait for four programs to start.
    max_idle: '1h',

    // There is one destination: its connection is good for the next message, which spares Dovecot a tenth of the work.
    lmtp_connection_cache_destinations: 'static:all',

    // The client's address is used for nothing, so it is looked up nowhere.
    smtpd_peername_lookup: 'no',
    smtpd_client_connection_count_limit: '0',
    smtpd_banner: '$myhostname ESMTP',

    smtpd_tls_chain_files: `${layout.key} ${layout.certificate}`,
    smtpd_tls_mandatory_protocols: '>=TLSv1.2',
    // What leaves is for the server that the certificate names, or it waits.
    smtp_tls_security_level: 'verify',
    smtp_tls_CAfile: '/etc/ssl/certs/ca-certificates.crt',
    smtp_tls_policy_maps: [
      `regexp:${layout.postfixFolder}/tls-policy`,
      ...(asksForPolicies(config) ? [policyTable(layout)] : []),
    ].join(', '),
    smtp_tls_mandatory_protocols: '>=TLSv1.2',
    smtpd_sasl_type: 'dovecot',
    smtpd_sasl_path: `unix:${config.run}/auth-postfix.sock`,
    smtpd_sasl_security_options: 'noanonymous',
    // The login is the only address that may stand in MAIL FROM.
    smtpd_sender_login_maps: `regexp:${layout.postfixFolder}/login-map`,

    // What is signed leaves as it is: no line is broken at 998 characters, no 8-bit text is rewritten.
    smtp_line_length_limit: '0',
    disable_mime_output_conversion: 'yes',
    // A signature would prove for ever who wrote; the ways of a message are nobody's business once it has arrived.
    lmtp_header_checks: `regexp:${layout.postfixFolder}/delivery-headers`,

    // Rules on headers look at the message's own header only, never inside its parts.
    disable_mime_input_processing: 'yes',
    header_checks: '',
  });
}

/** `master.cf`: Debian's list of daemons, without chroots and without local programs, plus the two ways in. */
export function postfixMaster(layout: Layout): string {
  const submission = [
    '-o syslog_name=submission',
    '-o smtpd_tls_mandatory_protocols=>=TLSv1.3',
    '-o smtpd_sasl_auth_enable=yes',
    '-o smtpd_tls_auth_only=yes',
    '-o smtpd_relay_restrictions=permit_sasl_authenticated,reject',
    '-o smtpd_sender_restrictions=reject_sender_login_mismatch,permit_sasl_authenticated,reject',
    '-o smtpd_milters=$submission_filter',
    '-o cleanup_service_name=submission-cleanup',
  ];
  const incoming = [
    '-o syslog_name=incoming',
    '-o smtpd_tls_security_level=encrypt',
    '-o smtpd_relay_restrictions=reject_unauth_destination',
    '-o smtpd_milters=$incoming_filter',
  ];
  const service = (line: string, options: readonly string[] = []): string =>
    [line, ...options.map((option) => `  ${option}`)].join('\n');
  return `${[
    service('25        inet  n  -  n  -  -  smtpd', incoming),
    // Mail that came over HTTPS: by the rules of port 25, already out of its encryption.
    service(`127.0.0.1:${deliveryPort} inet n  -  n  -  -  smtpd`, [...incoming, '-o smtpd_tls_security_level=none']),
    service('465       inet  n  -  n  -  -  smtpd', ['-o smtpd_tls_wrappermode=yes', ...submission]),
    service('587       inet  n  -  n  -  -  smtpd', ['-o smtpd_tls_security_level=encrypt', ...submission]),
    service('cleanup   unix  n  -  n  -  0  cleanup'),
    // Postfix writes the client's address into its own Received line, which no milter sees: this takes it out.
    service('submission-cleanup unix n - n - 0 cleanup', [
      `-o header_checks=regexp:${layout.postfixFolder}/submission-headers`,
    ]),
    'qmgr      unix  n  -  n  300    1  qmgr',
    'tlsmgr    unix  -  -  n  1000?  1  tlsmgr',
    'rewrite   unix  -  -  n  -      -  trivial-rewrite',
    'bounce    unix  -  -  n  -      0  bounce',
    'defer     unix  -  -  n  -      0  bounce',
    'trace     unix  -  -  n  -      0  bounce',
    'verify    unix  -  -  n  -      1  verify',
    'flush     unix  n  -  n  1000?  0  flush',
    'proxymap  unix  -  -  n  -      -  proxymap',
    // Servers that do not answer hold a process each for seconds: there are enough of them for everybody else's mail.
    'smtp      unix  -  -  n  -      500  smtp',
    'relay     unix  -  -  n  -      -  smtp',
    'showq     unix  n  -  n  -      -  showq',
    'error     unix  -  -  n  -      -  error',
    'retry     unix  -  -  n  -      -  error',
    'discard   unix  -  -  n  -      -  discard',
    'lmtp      unix  -  -  n  -      -  lmtp',
    'anvil     unix  -  -  n  -      1  anvil',
    'scache    unix  -  -  n  -      1  scache',
    'postlog   unix-dgram n - n -    1  postlogd',
  ].join('\n')}\n`;
}

/** Postfix takes no address for its own name; what stands for one in DNS is a name. RFC 1035 §3.5 */
function hostName(domain: string): string {
  const literal = /^\[(.+)\]$/.exec(domain)?.[1];
  if (literal === undefined) return domain;
  return isIPv4(literal) ? `${literal.split('.').toReversed().join('.')}.in-addr.arpa` : 'relay.ip6.arpa';
}

/** regexp_table(5), without regard to case. A list in main.cf would take the colons of an address for a table. */
export function ownDomain({ domain }: Pick<Config, 'domain'>): string {
  return `/^${domain.replace(/[.[\]]/g, String.raw`\$&`)}$/ ours\n`;
}

/** regexp_table(5): every login owns exactly the address that it is. */
export const loginMap = '/^(.+)$/ ${1}\n';

/**
 * header_checks(5): Postfix's own Received line (src/smtpd/smtpd.c) says who sent from where to whom. What remains is what
 * finds loops and lost mail: this relay, the queue's name for the message, the time. Lines that a client brought are the
 * filter's to take out. A fold, which no client can put into it, stands before `by`.
 */
export function submissionHeaders({ domain }: Pick<Config, 'domain'>): string {
  const own = String.raw`/^Received: .*[[:cntrl:]]{2}by [^ ]+ \(Postfix\) with ([A-Z0-9]+) id ([A-Za-z0-9]+)[^;]*; ([A-Za-z0-9,:+() -]+)$/`;
  return `${own} REPLACE Received: by ${domain} (Postfix) with $1 id $2; $3\n/^Received:/ IGNORE\n`;
}

/** access(5). RFC 6531 §3.5 has the code. */
export const asciiOnly = '/[^ -~]/ 553 5.6.7 Only ASCII characters are possible in an address here\n';

/** TLS_README, asked first: relays whose domain starts with `_` or is an address have a certificate that no authority knows. */
export const tlsPolicy = '/^[_[]/ encrypt\n';

/** header_checks(5), for mail on its way into a mailbox */
export const deliveryHeaders = '/^(DKIM-Signature|Authentication-Results|Received):/ IGNORE\n';

function lines(settings: Readonly<Record<string, string>>): string {
  return `${Object.entries(settings)
    .map(([key, value]) => `${key} = ${value}`.trimEnd())
    .join('\n')}\n`;
}
