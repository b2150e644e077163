import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { aptInstall, commandExists, imageExists } from './engine.ts';
import { SetupError, step } from './progress.ts';

/** The Debian releases that Postern runs on: 12 with Dovecot 2.3 and 13 with Dovecot 2.4. */
export type Suite = 'bookworm' | 'trixie';

const pullDeadlineMs = 180_000;

/**
 * Makes sure that `debian:SUITE-slim` is there: the local one, else pulled, else made with debootstrap from Debian's
 * mirror, which is all that some machines reach.
 */
export async function ensureBaseImage(suite: Suite): Promise<string> {
  const tag = `debian:${suite}-slim`;
  if (await imageExists(tag)) return tag;
  const pulled = await step(`fetching the image ${tag}`, () =>
    execa('docker', ['pull', '--quiet', tag], { reject: false, stdio: 'ignore', timeout: pullDeadlineMs }),
  );
  if (pulled.exitCode === 0) return tag;
  if (process.getuid?.() !== 0) {
    throw new SetupError(
      `The image ${tag} could not be pulled, and making it with debootstrap needs root. Run "docker pull ${tag}" to see why, or run this as root.`,
    );
  }
  await step(`it could not be pulled: making ${tag} with debootstrap from Debian's mirror`, () =>
    bootstrap(suite, tag),
  );
  return tag;
}

async function bootstrap(suite: Suite, tag: string): Promise<void> {
  if (!(await commandExists('debootstrap'))) await aptInstall('debootstrap');
  const folder = await mkdtemp(join(tmpdir(), 'postern-base-'));
  try {
    await execa('debootstrap', ['--variant=minbase', suite, folder], { all: true, stdin: 'ignore' });
    await writeFile(join(folder, 'etc/apt/sources.list'), sources(suite));
    await execa('sh', [
      '-c',
      `rm -rf "$1"/var/cache/apt/archives/*.deb; tar -C "$1" -c . | docker import - "$2"`,
      'sh',
      folder,
      tag,
    ]);
  } catch (cause) {
    throw new SetupError(
      `debootstrap could not make ${tag}. Is Debian's mirror reachable, and is there 1 GB of free space in ${tmpdir()}?`,
      { cause },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same package sources as in the published image, security updates among them. */
function sources(suite: Suite): string {
  return [
    `deb http://deb.debian.org/debian ${suite} main`,
    `deb http://deb.debian.org/debian ${suite}-updates main`,
    `deb http://deb.debian.org/debian-security ${suite}-security main`,
    '',
  ].join('\n');
}
