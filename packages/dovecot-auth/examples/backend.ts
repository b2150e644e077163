import { createAuthServer, inheritedSockets } from '@postern/dovecot-auth';
import type { AuthBackend } from '@postern/dovecot-auth';

const accounts = new Map<string, Buffer>(); // for the example only: a real one stores a slow hash, and on disk
const record = (user: string) => ({ user, fields: { uid: '5000', gid: '5000', home: `/var/mail/${user}` } });

const backend: AuthBackend = {
  async verify({ user, password }) {
    if (password.length < 9) return { kind: 'refused', reason: 'The password needs at least 9 characters' };
    const known = accounts.get(user) ?? Buffer.from(password);
    accounts.set(user, known); // the first login creates
    return known.equals(password) ? { kind: 'accepted', record: record(user) } : { kind: 'refused' };
  },
  lookup: async (user) => (accounts.has(user) ? record(user) : undefined),
  users: async function* () {
    yield* accounts.keys();
  },
};

const server = createAuthServer({ backend, onEvent: (event) => console.log(event) });
const { client, master } = inheritedSockets(); // held by systemd or hold-sockets; else bound here
const path = (name: string) => [{ path: `${process.argv[2] ?? '/run/postern'}/dovecot-${name}.sock` }];
await server.listen({ client: client ?? path('client'), master: master ?? path('master') });
process.once('SIGTERM', () => void server.close());
