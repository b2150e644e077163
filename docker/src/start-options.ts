import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { isMailDomain, loadConfig } from '@postern/relay';
import yargs, { type Argv } from 'yargs';
import type { Suite } from './base-image.ts';
import { SetupError } from './progress.ts';

/** What `npm start` was asked for. */
export interface StartOptions {
  readonly domain: string;
  /** The folder on this machine in which accounts, mail and configuration are kept. */
  readonly data: string;
  /** The name or address under which clients reach this machine; guessed when not given. */
  readonly host: string | undefined;
  readonly ports: Ports;
  readonly suite: Suite;
}

/** Ports on this machine. */
export interface Ports {
  readonly smtp: number;
  readonly imap: number;
  readonly submission: number;
  readonly web: number;
}

export const defaultDomain = '_postern.test';
const suites: Readonly<Record<string, Suite>> = { '12': 'bookworm', '13': 'trixie' };

/** Root keeps the data where services do; everybody else in their own home. */
function defaultData(): string {
  if (process.getuid?.() === 0) return '/var/lib/postern';
  return join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local/share'), 'postern');
}

export function parser(args: readonly string[]): Argv {
  return yargs(args)
    .scriptName('npm start --')
    .usage('Starts a relay on this machine: Postfix, Dovecot and Postern in one container.\n\nnpm start -- [options]')
    .version(false)
    .option('domain', {
      type: 'string',
      describe: `domain of the addresses (${defaultDomain} needs no DNS and no certificate)`,
    })
    .option('data', { type: 'string', default: defaultData(), describe: 'folder for accounts, mail and configuration' })
    .option('host', { type: 'string', describe: 'name or address under which clients reach this machine' })
    .option('smtp-port', { type: 'number', describe: 'port for mail from other servers (25)' })
    .option('imap-port', { type: 'number', describe: 'port for reading mail, IMAP over TLS (993)' })
    .option('submission-port', { type: 'number', describe: 'port for sending mail, SMTP over TLS (465)' })
    .option('web-port', { type: 'number', describe: 'port of the web page (443)' })
    .option('debian', {
      choices: ['12', '13'] as const,
      default: '13',
      describe: 'Debian release inside the container',
    })
    .strict()
    .wrap(100);
}

/**
 * Reads the command line; what it leaves open comes from the data folder's `postern.toml`, if there is one.
 *
 * @throws SetupError for a bad value, or one that contradicts the data folder.
 */
export async function readStartOptions(args: readonly string[]): Promise<StartOptions> {
  const given = await parser(args)
    .fail((message, error) => {
      throw error ?? new SetupError(`${message}. See npm start -- --help.`);
    })
    .parseAsync();
  const text = (name: string): string | undefined => (typeof given[name] === 'string' ? given[name] : undefined);
  const data = resolve(text('data') ?? defaultData());
  const kept = keptSettings(data);
  const domain = text('domain')?.toLowerCase() ?? kept?.domain ?? defaultDomain;
  if (!isMailDomain(domain)) {
    throw new SetupError(
      `--domain ${domain}: not a domain. Write a name like chat.example.org, or one that starts with "_" to try things out.`,
    );
  }
  if (kept !== undefined && kept.domain !== domain) {
    throw new SetupError(
      `--domain ${domain}: the data folder ${data} belongs to ${kept.domain}. Leave --domain out, or name another folder with --data.`,
    );
  }
  const port = (name: keyof Ports, standard: number): number => {
    const value = given[`${name}-port`] ?? kept?.ports[name] ?? standard;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535) return value;
    throw new SetupError(`--${name}-port ${JSON.stringify(value)}: a port is a whole number from 1 to 65535.`);
  };
  return {
    domain,
    data,
    host: text('host') ?? kept?.host,
    ports: {
      smtp: port('smtp', 25),
      imap: port('imap', 993),
      submission: port('submission', 465),
      web: port('web', 443),
    },
    suite: suites[text('debian') ?? '13'] ?? 'trixie',
  };
}

interface KeptSettings {
  readonly domain: string;
  readonly host: string | undefined;
  readonly ports: Ports;
}

function keptSettings(data: string): KeptSettings | undefined {
  const path = join(data, 'postern.toml');
  try {
    const { domain, reachable } = loadConfig(path);
    const { host, smtpPort, imapPort, submissionPort, webPort } = reachable;
    return { domain, host, ports: { smtp: smtpPort, imap: imapPort, submission: submissionPort, web: webPort } };
  } catch (error) {
    if (error instanceof Error && isMissing(error.cause)) return undefined;
    throw error;
  }
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}
