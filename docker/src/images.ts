import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { ensureBaseImage, type Suite } from './base-image.ts';
import { imageExists } from './engine.ts';
import { SetupError, step } from './progress.ts';

const dockerFolder = join(import.meta.dirname, '..');

/**
 * Builds the image that the folder `docker/NAME` describes, unless it is there already.
 *
 * @returns its tag, `postern-NAME:SUITE-HASH`; the hash is that of the folder's files.
 */
export function ensureImage(name: string, suite: Suite): Promise<string> {
  return madeOnce(`${name}:${suite}`, () => ensure(name, suite));
}

const made = new Map<string, Promise<string>>();

/** An image that was asked for stays there, and its sources need not be hashed again, as long as this process runs. */
export function madeOnce(name: string, make: () => Promise<string>): Promise<string> {
  const image = made.get(name) ?? make();
  made.set(name, image);
  return image;
}

async function ensure(name: string, suite: Suite): Promise<string> {
  const folder = join(dockerFolder, name);
  const tag = `postern-${name}:${suite}-${(await hashOf(folder)).slice(0, 12)}`;
  if (await imageExists(tag)) return tag;
  await ensureBaseImage(suite);
  await step(`building the image ${tag}`, () => build(tag, folder, { SUITE: suite }));
  return tag;
}

/** Runs `docker build`. @throws SetupError with the end of its output. */
export async function build(tag: string, folder: string, args: Readonly<Record<string, string>>): Promise<void> {
  const buildArgs = Object.entries(args).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]);
  const result = await execa('docker', ['build', '--tag', tag, ...buildArgs, folder], {
    all: true,
    reject: false,
    stdin: 'ignore',
    // Works with and without the newer builder, which many distributions package apart.
    env: { DOCKER_BUILDKIT: '0' },
  });
  if (result.exitCode === 0) return;
  throw new SetupError(`The image ${tag} could not be built:\n${result.all.split('\n').slice(-15).join('\n')}`);
}

/** A hash over the names and bytes of all files below a folder. */
export async function hashOf(...folders: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of folders) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    for (const file of files.toSorted()) {
      hash.update(`${file.slice(folder.length)}\0`).update(await readFile(file));
    }
  }
  return hash.digest('hex');
}
