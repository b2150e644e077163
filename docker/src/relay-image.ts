import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { arch, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { execa } from 'execa';
import type { Suite } from './base-image.ts';
import { imageExists } from './engine.ts';
import { build, ensureImage, hashOf, madeOnce } from './images.ts';
import { step } from './progress.ts';
import { bundlePrograms } from './relay-bundle.ts';

const root = join(import.meta.dirname, '../..');
const relayFolder = join(import.meta.dirname, '../relay');
const notifyFolder = join(import.meta.dirname, '../notify');
const noDelayFolder = join(import.meta.dirname, '../nodelay');
/** What the relay starts with; see docker/relay/entrypoint. */
const socketHolder = join(root, 'packages/dovecot-auth/dovecot');
/** As deep as the modules are in their package, which look for its other files from where they are; see the Dockerfile. */
const programFolder = 'packages/relay/dist/programs';

/**
 * The image of a whole relay: Postfix, Dovecot and Postern. JavaScript is bundled out here and copied in, together with
 * the Node that the project is pinned to, so that building needs nothing but Debian's mirror.
 *
 * @returns its tag, `postern-relay:SUITE-HASH`; the hash is that of the sources, and of how they are made into it.
 */
export function ensureRelayImage(suite: Suite): Promise<string> {
  return madeOnce(`relay:${suite}`, () => ensure(suite));
}

async function ensure(suite: Suite): Promise<string> {
  const mail = await ensureImage('mail', suite);
  const packages = workspacePackages();
  const sources = [
    ...packages.map((folder) => join(folder, 'src')),
    relayFolder,
    notifyFolder,
    noDelayFolder,
    socketHolder,
  ];
  const ways = ['package-lock.json', 'docker/src/relay-image.ts', 'docker/src/relay-bundle.ts'];
  const texts = await Promise.all(ways.map((path) => readFile(join(root, path), 'utf8')));
  const tag = `postern-relay:${suite}-${shortHash(mail, await hashOf(...sources), ...texts)}`;
  if (await imageExists(tag)) return tag;
  await step(`building the relay's image ${tag}`, () => buildFromSources(tag, mail, packages));
  return tag;
}

async function buildFromSources(tag: string, mail: string, packages: readonly string[]): Promise<void> {
  const context = await mkdtemp(join(tmpdir(), 'postern-image-'));
  try {
    await cp(relayFolder, context, { recursive: true });
    await cp(notifyFolder, join(context, 'notify'), { recursive: true });
    await cp(noDelayFolder, join(context, 'nodelay'), { recursive: true });
    await cp(join(root, `node_modules/node-linux-${arch()}/bin/node`), join(context, 'node'));
    const app = join(context, 'app');
    await bundlePrograms(root, join(app, programFolder));
    for (const folder of packages) await copyPackage(folder, join(app, relative(root, folder)));
    for (const folder of await thirdPartyFolders()) await copyThirdParty(folder, join(app, relative(root, folder)));
    for (const folder of packages) await linkPackage(folder, app);
    await build(tag, context, { MAIL: mail });
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

function workspacePackages(): string[] {
  return ['milter', 'encryption-check', 'dovecot-auth', 'invite', 'relay', 'cli'].map((name) =>
    join(root, 'packages', name),
  );
}

/** What a package publishes beside its code: that is in the bundle. */
async function copyPackage(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const { files } = await manifestOf(from);
  const beside = ['package.json', ...files].filter((name) => name !== 'dist' && existsSync(join(from, name)));
  for (const name of beside) {
    await cp(join(from, name), join(to, name), {
      recursive: true,
      filter: (path) => !/\.(ts|map|tsbuildinfo)$/.test(path),
    });
  }
}

async function manifestOf(folder: string): Promise<{ name: string; files: string[] }> {
  const manifest: unknown = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  if (typeof manifest === 'object' && manifest !== null && 'name' in manifest && 'files' in manifest) {
    const { name, files } = manifest;
    if (typeof name === 'string' && Array.isArray(files)) return { name, files: files.map(String) };
  }
  throw new TypeError(`${folder}/package.json has no "name" or no "files"`);
}

async function linkPackage(folder: string, app: string): Promise<void> {
  const { name } = await manifestOf(folder);
  const link = join(app, 'node_modules', name);
  await mkdir(dirname(link), { recursive: true });
  await symlink(relative(dirname(link), join(app, relative(root, folder))), link);
}

/** The folders of all dependencies that the product needs when it runs, as npm resolved them. */
async function thirdPartyFolders(): Promise<string[]> {
  const { stdout } = await execa('npm', ['ls', '--omit=dev', '--all', '--parseable', '--workspace=postern'], {
    cwd: root,
  });
  const isOurs = (folder: string): boolean =>
    folder === root || /node_modules\/(postern|@postern\/[^/]+)$/.test(folder) || /packages\/[^/]+$/.test(folder);
  return stdout.split('\n').filter((folder) => folder.startsWith(root) && !isOurs(folder));
}

async function copyThirdParty(from: string, to: string): Promise<void> {
  // Nested dependencies are in npm's list themselves; native modules carry every platform's binary and their C sources.
  const isNeeded = (path: string): boolean => {
    const inside = path.slice(from.length + 1);
    return !(
      inside.startsWith('node_modules') ||
      /\.(map|d\.ts|d\.mts|d\.cts)$/.test(inside) ||
      (/^(deps|src)(\/|$)/.test(inside) && from.endsWith('better-sqlite3')) ||
      /^prebuilds\/(?!linux-)/.test(inside)
    );
  };
  await cp(from, to, { recursive: true, filter: isNeeded });
}

function shortHash(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 12);
}
