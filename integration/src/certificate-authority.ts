import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-days', '30'];
/** Without what the machine's own configuration adds. */
const settings = '[req]\ndistinguished_name = name\n[name]\n';

/** OpenSSL's options for these: programs that go by the letter of RFC 5280 §4.2.1 (Python ≥ 3.13) want most of them. */
function extensions(...all: readonly string[]): string[] {
  return ['subjectKeyIdentifier=hash', 'authorityKeyIdentifier=keyid', ...all].flatMap((each) => ['-addext', each]);
}

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
    await writeFile(join(folder, 'openssl.cnf'), settings);
    const files = [
      '-config',
      join(folder, 'openssl.cnf'),
      '-keyout',
      join(folder, 'ca.key'),
      '-out',
      join(folder, 'ca.pem'),
    ];
    const rights = extensions('basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign');
    await run('openssl', ['req', '-x509', ...newKey, '-subj', '/CN=Test authority', ...rights, ...files]);
    return new CertificateAuthority(folder, await readFile(join(folder, 'ca.pem'), 'utf8'));
  }

  /** @returns key and certificate in one text. */
  async issue(name: string, ...more: readonly string[]): Promise<string> {
    const file = (kind: string): string => join(this.#folder, `${name}.${kind}`);
    const signedBy = ['-CA', join(this.#folder, 'ca.pem'), '-CAkey', join(this.#folder, 'ca.key')];
    const names = [name, ...more].map((each) => `DNS:${each}`).join();
    const rights = extensions('basicConstraints=critical,CA:FALSE', `subjectAltName=${names}`);
    const files = ['-config', join(this.#folder, 'openssl.cnf'), '-keyout', file('key'), '-out', file('pem')];
    await run('openssl', ['req', '-x509', ...newKey, '-subj', `/CN=${name}`, ...rights, ...signedBy, ...files]);
    return (await readFile(file('key'), 'utf8')) + (await readFile(file('pem'), 'utf8'));
  }

  /** Puts the authority where all programs of a machine look. */
  async becomeKnown(machine: { run(command: string): Promise<string> }): Promise<void> {
    await machine.run(`cd /etc/ssl/certs && cat > test-authority.pem <<'END'
${this.certificate}END
cat test-authority.pem >> ca-certificates.crt
ln -s test-authority.pem "$(openssl x509 -hash -noout -in test-authority.pem).0"`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}
