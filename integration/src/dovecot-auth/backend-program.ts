/**
 * A backend for the tests, with one door: `node backend-program.ts DOOR [number of accounts that exist already]`.
 * The first login creates; `blocked…` is disabled, `broken…` makes the backend fail, passwords below nine bytes are
 * refused with a reason.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createAuthServer,
  createCheckpasswordServer,
  createDictAuthServer,
  createHttpAuthServer,
  inheritedSockets,
} from '@postern/dovecot-auth';
import type { AuthBackend, DoorEvent, Limits, UserRecord } from '@postern/dovecot-auth';

const [door, existing = '0'] = process.argv.slice(2);
const accounts = new Map<string, string>();
for (let n = 0; n < Number(existing); n += 1) accounts.set(`user${n}@many.example`, '');

const record = (user: string): UserRecord => ({
  user,
  fields: { uid: '5000', gid: '5000', home: `/var/mail/v/${user}` },
});

/** Accounts outlive a restart, as they would in a database. */
const stored = '/run/postern-accounts.json';
try {
  for (const [user, password] of JSON.parse(readFileSync(stored, 'utf8'))) accounts.set(user, password);
} catch {
  // The first start: there are none.
}

const backend: AuthBackend = {
  async verify({ user, password }) {
    if (user.startsWith('broken')) throw new Error('the database is away');
    if (user.startsWith('blocked')) return { kind: 'disabled', reason: 'This account is blocked' };
    if (password.length < 9) return { kind: 'refused', reason: 'The password needs at least 9 characters' };
    const hex = Buffer.from(password).toString('hex');
    if (!accounts.has(user)) {
      accounts.set(user, hex);
      writeFileSync(stored, JSON.stringify([...accounts].filter(([, password]) => password !== '')));
    }
    return accounts.get(user) === hex ? { kind: 'accepted', record: record(user) } : { kind: 'refused' };
  },
  async lookup(user) {
    if (user.startsWith('broken')) throw new Error('the database is away');
    return accounts.has(user) ? record(user) : undefined;
  },
  async *users() {
    yield* accounts.keys();
  },
};

// Dovecot delays refusals by itself, except behind the auth protocol; none of the tests wants to wait.
const limits: Partial<Limits> = { failureDelayMs: 0 };
const onEvent = (event: DoorEvent): void => console.log(event);
const socket = (name: string) => join('/run/postern', name);
const held = inheritedSockets();

/** The master socket for doveadm, beside a door through which it cannot list users. */
async function withMaster(door: { close(): Promise<void> }): Promise<{ close(): Promise<void> }> {
  const forDoveadm = createAuthServer({ backend, limits, onEvent });
  await forDoveadm.listen({ client: [], master: [{ path: socket('dovecot-master.sock'), mode: 0o600 }] });
  return { close: async () => void (await Promise.all([door.close(), forDoveadm.close()])) };
}

async function open(): Promise<{ close(): Promise<void> }> {
  switch (door) {
    case 'auth-protocol': {
      const server = createAuthServer({ backend, limits, onEvent });
      await server.listen({
        client: [
          ...(held['client'] ?? [{ path: socket('dovecot-client.sock'), group: 'dovenull' }]),
          ...(held['postfix'] ?? [{ path: '/var/spool/postfix/private/postern-auth', group: 'postfix' }]),
        ],
        master: held['master'] ?? [{ path: socket('dovecot-master.sock'), mode: 0o600 }],
      });
      return server;
    }
    case 'dict': {
      const passwordKey = Buffer.from(readFileSync(join(import.meta.dirname, 'password-key'), 'utf8'), 'hex');
      const server = createDictAuthServer({ backend, limits, onEvent, passwordKey });
      await server.listen({ client: [{ path: socket('dovecot-dict.sock'), group: 'dovecot' }] });
      return server;
    }
    case 'lua-http': {
      const server = createHttpAuthServer({ backend, limits, onEvent });
      await server.listen({ client: [{ path: socket('dovecot-http.sock'), group: 'dovecot' }] });
      return withMaster(server);
    }
    case 'checkpassword': {
      const server = createCheckpasswordServer({ backend, limits, onEvent });
      await server.listen({ client: [{ path: socket('dovecot-checkpassword.sock'), group: 'dovecot' }] });
      return withMaster(server);
    }
    case 'static':
      return { close: async () => {} };
    default:
      throw new Error(`there is no door ${door}`);
  }
}

const server = await open();
console.log('ready');
setInterval(() => {}, 60_000); // stays, even where there is nothing to listen to
process.once('SIGTERM', () => void server.close().then(() => process.exit()));
