import { hkdfSync } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';

/** Keys that must not lie beside what they protect: whoever copies the database alone cannot use its proofs. */
export interface AccountSecrets {
  /** For the keyed proofs of machine-made passwords. */
  readonly proofKey: Uint8Array;
  /** For the keyed hashes of addresses that are gone. */
  readonly tombstoneKey: Uint8Array;
  /** Tells whether two secrets are the same, and nothing else of them. */
  readonly fingerprint: string;
}

const secretBytes = 32;

/** Two keys out of one secret. */
export function deriveSecrets(secret: Uint8Array): AccountSecrets {
  const key = (purpose: string): Uint8Array => new Uint8Array(hkdfSync('sha256', secret, '', `postern ${purpose}`, 32));
  const fingerprint = Buffer.from(key('fingerprint')).toString('base64url');
  return { proofKey: key('password proof'), tombstoneKey: key('tombstone'), fingerprint };
}

/**
 * Reads the secret, and makes it at the first start. Belongs into the backup, apart from the database; hosts that share
 * a database share it.
 *
 * @param random gives that many random bytes; without it a secret that is missing stays so, as is right for commands.
 * @throws RangeError when the file is not one of ours, or missing.
 */
export function loadSecrets(path: string, random?: (size: number) => Uint8Array): AccountSecrets {
  const secret = read(path) ?? (random && create(path, random(secretBytes)));
  if (secret === undefined)
    throw new RangeError(`${path}: is missing. Put it back from the backup, or start the relay.`);
  if (secret.length !== secretBytes) {
    throw new RangeError(
      `${path}: holds ${secret.length} bytes where a secret has ${secretBytes}. Put it back from the backup.`,
    );
  }
  return deriveSecrets(secret);
}

function read(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
}

/** Written aside and linked into place: whole or not there, and the first of several processes wins. */
function create(path: string, secret: Uint8Array): Uint8Array {
  const draft = `${path}.${process.pid}`;
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeSync(file, secret);
    fsyncSync(file);
    linkSync(draft, path);
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause;
  } finally {
    closeSync(file);
    rmSync(draft);
  }
  return readFileSync(path);
}
