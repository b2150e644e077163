import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';

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
 * or when the key is not the certificate's (as while one of the two is being replaced).
 */
export function readCertificate(files: CertificateFiles): Certificate {
  const cert = readFileSync(files.certPath);
  const key = readFileSync(files.keyPath);
  createSecureContext({ cert, key }); // throws when they do not match
  return { cert, key, validUntil: new X509Certificate(cert).validToDate.toISOString() };
}
