import { randomBytes } from 'node:crypto';
import { createAuthServer, type DoorEvent } from '@postern/dovecot-auth';
import { createAccountBackend } from '../accounts/backend.ts';
import type { AccountEvent } from '../accounts/events.ts';
import { agreeOnSecret } from '../accounts/secret-agreement.ts';
import { loadSecrets } from '../accounts/secrets.ts';
import type { Config } from '../config/config.ts';
import { layoutOf } from '../setup/layout.ts';
import { openStore } from '../store/store.ts';
import { inheritedSockets, listenOn } from './held-sockets.ts';
import type { Log } from './log.ts';
import { redact } from './mail-log.ts';
import { startMetadata } from './metadata.ts';
import { reasonOf, type Service } from './service.ts';
import { accountSettings, secretPath, storeLocation } from './settings.ts';
import { Tally, tellTallies } from './tally.ts';

/** Dovecot's own characters, and those of a domain that is an address: `alice@[ipv6:2001:db8::1]`. Which domain, the backend knows. */
const possibleName = /^[a-z0-9.\-_@[\]:]{1,254}$/;

/** Answers the logins of Dovecot and Postfix, Dovecot's questions about users, and what clients ask over METADATA. */
export async function startAuthService(config: Config, log: Log): Promise<Service> {
  const layout = layoutOf(config);
  const store = await openStore(storeLocation(config));
  const secrets = loadSecrets(secretPath(config), randomBytes);
  await agreeOnSecret(store, secrets, secretPath(config));
  const refusals = new Tally('postern_logins_refused_total', 'Refused logins by reason.', 'reason');
  const created = new Tally('postern_accounts_created_total', 'New accounts, by who chose this relay.', 'by');
  const backend = createAccountBackend({
    store,
    settings: accountSettings(config),
    secrets,
    now: Date.now,
    random: randomBytes,
    onEvent: (event) => {
      if (event.kind === 'login.refused') refusals.count(event.code);
      if (event.kind === 'account.created') created.count(event.isAutomatic ? 'client' : 'person');
      logAccount(event, log);
    },
  });
  const onDoorEvent = (event: DoorEvent): void => logDoor(event, log);
  const server = createAuthServer({ backend, onEvent: onDoorEvent, userName: possibleName });
  const inherited = inheritedSockets();
  await server.listen({
    client: [listenOn('auth-login', layout, inherited), listenOn('auth-postfix', layout, inherited)],
    master: [listenOn('auth-master', layout, inherited)],
  });
  // In this process, because it is small, and because without this process nobody logs in and nothing is delivered anyway.
  const countsFd = inherited.get('auth-counts');
  const counts = countsFd === undefined ? undefined : await tellTallies([refusals, created], countsFd);
  const metadata = await startMetadata(config, { store, log, onDoorEvent });
  return {
    async stop() {
      await Promise.all([server.close(), metadata.stop(), counts?.stop()]);
      await backend.close();
      await store.close();
    },
  };
}

function logAccount(event: AccountEvent, log: Log): void {
  switch (event.kind) {
    case 'account.created':
      log(event.kind, { automatic: event.isAutomatic });
      return;
    case 'login.refused':
      log(event.kind, { reason: event.code });
      return;
    case 'rehash.failed':
    case 'last-seen.failed':
      log(event.kind, { error: redact(reasonOf(event.cause)) });
  }
}

function logDoor(event: DoorEvent, log: Log): void {
  switch (event.kind) {
    case 'login.answered':
      return; // one line per login is no news
    case 'backend.failed':
      log(event.kind, {
        connection: event.connection,
        operation: event.operation,
        error: redact(reasonOf(event.cause)),
      });
      return;
    case 'peer.rejected':
      log(event.kind, { connection: event.connection, code: event.error.code });
      return;
    case 'socket.failed':
      log(event.kind, { connection: event.connection, error: redact(reasonOf(event.cause)) });
  }
}
