import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chown, mkdir, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { Config } from '../config/config.ts';
import { type Layout, serviceUser } from './layout.ts';

const run = promisify(execFile);
const validDays = 36_500;

/**
 * Makes sure that there is a certificate: the operator's, or one that we sign ourselves with the domain (and the host
 * that clients use) as subject alternative names. Delta Chat takes such a one for domains that start with `_`, but only
 * if it names them.
 */
export async function ensureCertificate(config: Config, layout: Layout): Promise<void> {
  if (config.tls.certificate !== undefined) return;
  const names = subjectAlternativeNames(config);
  const present = await readFile(layout.certificate, 'utf8').catch(() => undefined);
  if (present !== undefined && sameNames(new X509Certificate(present), names)) return;
  await mkdir(dirname(layout.certificate), { recursive: true, mode: 0o755 });
  const [key, certificate] = [`${layout.key}.new`, `${layout.certificate}.new`];
  const request = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days ${validDays} -subj /CN=Postern`;
  const extensions = [
    `subjectAltName=${names.join(',')}`,
    'basicConstraints=critical,CA:FALSE',
    'extendedKeyUsage=serverAuth,clientAuth',
  ];
  await run('openssl', [
    ...request.split(' '),
    ...extensions.flatMap((extension) => ['-addext', extension]),
    '-keyout',
    key,
    '-out',
    certificate,
  ]);
  await chown(key, serviceUser.uid, serviceUser.uid); // our web server is no root; Postfix and Dovecot read it as root
  await rename(key, layout.key);
  await rename(certificate, layout.certificate);
}

function subjectAlternativeNames(config: Config): string[] {
  const literal = /^\[(?:ipv6:)?(.+)\]$/.exec(config.domain)?.[1];
  const names = literal === undefined ? [`DNS:${config.domain}`] : [`IP:${literal}`];
  const { host } = config.reachable;
  if (host !== undefined && host !== config.domain) names.push(`${/^[\d.]+$|:/.test(host) ? 'IP' : 'DNS'}:${host}`);
  return names;
}

/** Node prints the names as `DNS:a, IP Address:b`. */
function sameNames(certificate: X509Certificate, names: readonly string[]): boolean {
  const present = (certificate.subjectAltName ?? '').split(', ').map((name) => name.replace(/^IP Address:/, 'IP:'));
  return present.toSorted().join() === names.toSorted().join();
}
