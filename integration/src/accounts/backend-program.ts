/**
 * The accounts of a relay behind Dovecot's auth protocol, for benchmarks: `node backend-program.ts DATABASE`.
 * As a relay runs it, but for refusals by load: a benchmark is load.
 */
import { randomBytes } from 'node:crypto';
import { createAuthServer } from '@postern/dovecot-auth';
import { createAccountBackend } from '../../../packages/relay/src/accounts/backend.ts';
import { deriveSecrets } from '../../../packages/relay/src/accounts/secrets.ts';
import { benchSettings } from './bench-accounts.ts';
import { openStore } from '../../../packages/relay/src/store/store.ts';

const [path = '/run/postern-accounts.db'] = process.argv.slice(2);
const store = await openStore({ kind: 'sqlite', path });
const backend = createAccountBackend({
  store,
  settings: benchSettings,
  secrets: deriveSecrets(Buffer.alloc(32)), // the same after a restart
  now: Date.now,
  random: randomBytes,
  onEvent: () => {},
});
const server = createAuthServer({
  backend,
  onEvent: (event) => {
    if (event.kind !== 'login.answered' || event.outcome === 'failed') console.error(event);
  },
});
await server.listen({
  client: [
    { path: '/run/postern/dovecot-client.sock', group: 'dovenull' },
    { path: '/var/spool/postfix/private/postern-auth', group: 'postfix' },
  ],
  master: [{ path: '/run/postern/dovecot-master.sock', mode: 0o600 }],
});
console.log('ready');
process.once('SIGTERM', () => {
  void server
    .close()
    .then(() => backend.close())
    .then(() => store.close())
    .then(() => process.exit());
});
