import { join } from 'node:path';
import type { Config } from '../config/config.ts';

/** A socket that the holder binds before anything starts and keeps open while our processes come and go. */
export interface HeldSocket {
  readonly name: SocketName;
  readonly path: string;
  readonly mode: string;
  readonly group: string;
}

export type SocketName =
  | 'auth-login'
  | 'auth-postfix'
  | 'auth-master'
  | 'auth-counts'
  | 'metadata'
  | 'filter-submission'
  | 'filter-incoming'
  | 'filter-report'
  | 'web-counts';

/** Where everything lives. `data` is to be kept and backed up, `run` is made anew at every start. */
export interface Layout {
  readonly database: string;
  readonly mail: string;
  readonly queue: string;
  readonly certificate: string;
  readonly key: string;
  readonly dkimFolder: string;
  readonly dovecotConf: string;
  /** Where word of new mail is left (push/arrivals.ts). */
  readonly newMailFolder: string;
  readonly postfixFolder: string;
  readonly lmtpSocket: string;
  /** Where Dovecot says that a mailbox is filling up. */
  readonly fullSocket: string;
  /** Of the program that looks MTA-STS policies up: where it listens, what it remembers, how it is configured. */
  readonly policySocket: string;
  readonly policyCache: string;
  readonly policyConf: string;
  readonly heldSockets: readonly HeldSocket[];
  readonly heldSocketsList: string;
}

export function layoutOf(config: Config): Layout {
  const run = (name: string): string => join(config.run, name);
  const data = (name: string): string => join(config.data, name);
  const socket = (name: SocketName, mode: string, group: string): HeldSocket => ({
    name,
    path: run(`${name}.sock`),
    mode,
    group,
  });
  return {
    database: data('postern.db'),
    mail: data('mail'),
    queue: data('queue'),
    certificate: config.tls.certificate ?? data('tls/certificate.pem'),
    key: config.tls.key ?? data('tls/key.pem'),
    dkimFolder: data('dkim'),
    dovecotConf: run('dovecot.conf'),
    newMailFolder: run('new-mail'),
    postfixFolder: run('postfix'),
    lmtpSocket: run('lmtp.sock'),
    fullSocket: run('full.sock'),
    policySocket: run('mta-sts/policies.sock'),
    policyCache: data('mta-sts/policies.db'),
    policyConf: run('mta-sts.yml'),
    heldSockets: [
      socket('auth-login', '0660', 'dovenull'), // Dovecot's login processes run as dovenull
      socket('auth-postfix', '0660', 'postfix'),
      socket('auth-master', '0600', 'root'), // imap, lmtp and doveadm connect before they drop root
      socket('metadata', '0660', mailUser.name), // imap connects when it is the mail user already
      socket('filter-submission', '0660', 'postfix'),
      socket('filter-incoming', '0660', 'postfix'),
      socket('filter-report', '0660', 'postfix'),
      socket('auth-counts', '0660', serviceUser.name),
      socket('web-counts', '0660', serviceUser.name),
    ],
    heldSocketsList: run('sockets'),
  };
}

/** Where mail that came over HTTPS is handed to Postfix, on this machine only. */
export const deliveryPort = 10_026;

/** The system users that a relay needs beside those of Postfix and Dovecot. */
export const mailUser = { name: 'vmail', uid: 5000 } as const;
export const serviceUser = { name: 'postern', uid: 5001 } as const;
/** Talks to web servers of strangers, and may read nothing of ours. */
export const policyUser = { name: 'mta-sts', uid: 5002 } as const;
