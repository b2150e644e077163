import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-days', '30'];

/** An authority for the names of a test, which nobody knows until its certificate is put where they look. */
export class CertificateAuthority implements AsyncDisposable {
  readonly certificate: string;
  readonly #folder: string;

  private constructor(folder: string, certificate: string) {
    this.#folder = folder;
    this.certificate = certificate;
  }

  static async create(): Promise<CertificateAuthority> {
    const folder = await mkdtemp(join(tmpdir(), 'postern-authority-'));
    const files = ['-keyout', join(folder, 'ca.key'), '-out', join(folder, 'ca.pem')];
    await run('openssl', ['req', '-x509', ...newKey, '-subj', '/CN=Test authority', ...files]);
    return new CertificateAuthority(folder, await readFile(join(folder, 'ca.pem'), 'utf8'));
  }

  /** @returns key and certificate in one text. */
  async issue(name: string): Promise<string> {
    const file = (kind: string): string => join(this.#folder, `${name}.${kind}`);
    const signedBy = ['-CA', join(this.#folder, 'ca.pem'), '-CAkey', join(this.#folder, 'ca.key')];
    const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
    await run('openssl', [
      'req',
      '-x509',
      ...newKey,
      ...names,
      ...signedBy,
      '-keyout',
      file('key'),
      '-out',
      file('pem'),
    ]);
    return (await readFile(file('key'), 'utf8')) + (await readFile(file('pem'), 'utf8'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}
