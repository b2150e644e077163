import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { chown, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Config } from '../config/config.ts';
import { isAddressLiteral } from '../config/mail-domain.ts';
import { type Layout, layoutOf, serviceUser } from './layout.ts';

const generate = promisify(generateKeyPair);

/** RFC 8301 §3.2: at least 1024 bits, better 2048; more does not fit into a DNS answer of 512 bytes. */
const rsaBits = 2048;

/** A key that mail is signed with. */
export interface DkimKey {
  readonly selector: string;
  readonly privateKey: KeyObject;
}

interface KeyFile {
  readonly type: 'rsa' | 'ed25519';
  readonly selector: string;
  readonly path: string;
}

/** Makes the keys that are configured and not there yet. They are the relay's for good: their halves stand in DNS. */
export async function ensureDkimKeys(config: Config, layout: Layout): Promise<void> {
  for (const { type, path } of keyFiles(config, layout)) {
    if ((await readIfThere(path)) !== undefined) continue;
    const { privateKey } =
      type === 'rsa' ? await generate('rsa', { modulusLength: rsaBits }) : await generate('ed25519', {});
    await writeFile(`${path}.new`, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    await chown(`${path}.new`, serviceUser.uid, serviceUser.uid);
    await rename(`${path}.new`, path);
  }
}

/** The keys of this relay, the one for everybody first. @throws when one is missing or unreadable. */
export async function readDkimKeys(config: Config): Promise<DkimKey[]> {
  return Promise.all(
    keyFiles(config, layoutOf(config)).map(async ({ type, selector, path }) => {
      const privateKey = createPrivateKey(await readFile(path));
      if (privateKey.asymmetricKeyType !== type) {
        throw new TypeError(`${path} has a key of type ${privateKey.asymmetricKeyType ?? 'unknown'}, not ${type}`);
      }
      return { selector, privateKey };
    }),
  );
}

function keyFiles({ domain, dkim }: Config, { dkimFolder }: Layout): KeyFile[] {
  if (isAddressLiteral(domain)) return [];
  const file = (type: KeyFile['type'], selector: string): KeyFile => ({
    type,
    selector,
    path: join(dkimFolder, `${selector}.pem`),
  });
  return [file('rsa', dkim.selector), ...(dkim.ed25519 ? [file('ed25519', `${dkim.selector}-ed25519`)] : [])];
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
