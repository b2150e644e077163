import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noise } from '../packets.ts';
import type { Armored } from './openpgpjs.ts';

/** What GnuPG as Debian has it writes (`apt-get install gnupg`): its defaults, its options, its packets of the old format. */
export async function gnupgMessages(): Promise<Armored[]> {
  const home = await mkdtemp(join(tmpdir(), 'postern-gnupg-'));
  const gpg = (input: Uint8Array | string, ...options: string[]): string => {
    const { status, stdout, stderr } = spawnSync(
      'gpg',
      ['--homedir', home, '--batch', '--yes', '--quiet', '--trust-model', 'always', '--pinentry-mode', 'loopback', '--passphrase', 'noon', ...options],
      { input, maxBuffer: 2 ** 24 },
    );
    if (status !== 0) throw new Error(`gpg ${options.join(' ')}: ${stderr.toString()}`);
    return stdout.toString('latin1');
  };
  try {
    gpg('', '--quick-generate-key', 'default@relay.test', 'default', 'default', 'never');
    gpg('', '--quick-generate-key', 'future@relay.test', 'future-default', 'default', 'never');
    gpg('', '--quick-generate-key', 'rsa@relay.test', 'rsa2048', 'encr,sign', 'never');
    gpg(
      'Key-Type: ECDSA\nKey-Curve: brainpoolP384r1\nSubkey-Type: ECDH\nSubkey-Curve: brainpoolP384r1\nName-Email: brainpool@relay.test\nExpire-Date: 0\n%no-protection\n%commit\n',
      '--full-generate-key',
    );
    gpg(
      'Key-Type: DSA\nKey-Length: 2048\nSubkey-Type: ELG-E\nSubkey-Length: 2048\nName-Email: elgamal@relay.test\nExpire-Date: 0\n%no-protection\n%commit\n',
      '--full-generate-key',
    );
    const text = 'Meet me at noon.\n';
    const to = (...names: string[]): string[] => names.flatMap((name) => ['--recipient', `${name}@relay.test`]);
    const cases: readonly (readonly [string, readonly string[], content?: Uint8Array])[] = [
      ['default', to('default')],
      ['future-default', to('future')],
      ['rsa', to('rsa')],
      ['elgamal', to('elgamal')],
      ['brainpool-p384', to('brainpool')],
      ['four-recipients', to('default', 'future', 'rsa', 'elgamal')],
      ['hidden-recipient', ['--hidden-recipient', 'default@relay.test']],
      ['throw-keyids', ['--throw-keyids', ...to('default', 'rsa')]],
      ['signed', ['--sign', '--local-user', 'default@relay.test', ...to('rsa')]],
      ['text-mode', ['--textmode', ...to('default')]],
      ['uncompressed', ['--compress-algo', 'none', ...to('default')]],
      ['compressed-bzip2', ['--compress-algo', 'bzip2', ...to('default')]],
      ['rfc4880', ['--rfc4880', ...to('rsa')]],
      ['triple-des', ['--cipher-algo', '3DES', ...to('rsa')]],
      ['camellia', ['--cipher-algo', 'CAMELLIA256', ...to('rsa')]],
      ['partial-lengths', to('default'), noise(100_000)],
    ];
    const messages = cases.map(([name, options, content]) => ({ name, armored: gpg(content ?? text, '--armor', ...options, '--encrypt') }));
    const symmetric: readonly (readonly [string, readonly string[]])[] = [
      ['password', []],
      ['password-simple', ['--s2k-mode', '0']],
      ['password-salted', ['--s2k-mode', '1']],
      ['password-aes128', ['--s2k-cipher-algo', 'AES128']],
      ['password-and-key', ['--encrypt', ...to('default')]],
    ];
    for (const [name, options] of symmetric) messages.push({ name, armored: gpg(text, '--armor', ...options, '--symmetric') });
    return messages;
  } finally {
    spawnSync('gpgconf', ['--homedir', home, '--kill', 'gpg-agent']);
    await rm(home, { recursive: true, force: true });
  }
}
