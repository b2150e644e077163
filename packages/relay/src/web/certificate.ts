import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { WebEvent } from './events.ts';

export interface CertificateFiles {
  readonly certPath: string;
  readonly keyPath: string;
}

export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly validUntil: string;
}

/**
 * Reads certificate and key, and proves that they belong together. @throws when a file is missing or does not parse,
 * or when the key is not the certificate's.
 */
export function readCertificate(files: CertificateFiles): Certificate {
  const cert = readFileSync(files.certPath);
  const key = readFileSync(files.keyPath);
  createSecureContext({ cert, key }); // throws when they do not match
  return { cert, key, validUntil: new X509Certificate(cert).validToDate.toISOString() };
}

export interface WatchOptions {
  readonly use: (certificate: Certificate) => void;
  readonly onEvent: (event: WebEvent) => void;
  readonly everyMs: number;
}

/**
 * Calls `use` whenever another usable pair lies in the files. Looks at them again and again instead of waiting for
 * notifications, which do not come through symbolic links, bind mounts and network file systems: all of them places
 * where certificates live. A pair that does not fit (half of it is written) leaves the old one in use, is reported
 * once, and is tried again.
 *
 * @returns stops watching.
 */
export function watchCertificate(files: CertificateFiles, options: WatchOptions): () => void {
  let used = stateOf(files);
  let reported = used;
  const look = (): void => {
    const now = stateOf(files);
    if (now === used) return;
    try {
      const certificate = readCertificate(files);
      options.use(certificate);
      options.onEvent({ kind: 'certificate.loaded', validUntil: certificate.validUntil });
      used = now;
      reported = now;
    } catch (error) {
      if (now !== reported) options.onEvent({ kind: 'certificate.unusable', error });
      reported = now;
    }
  };
  const timer = setInterval(look, options.everyMs).unref();
  return () => clearInterval(timer);
}

/** Changes whenever a file is rewritten, replaced, or a link to it points elsewhere. */
function stateOf(files: CertificateFiles): string {
  return [files.certPath, files.keyPath]
    .map((path) => {
      const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
      return stat === undefined ? 'none' : `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}`;
    })
    .join(' ');
}
