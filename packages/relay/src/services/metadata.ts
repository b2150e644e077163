import { readFile } from 'node:fs/promises';
import { createDictServer, type DoorEvent } from '@postern/dovecot-auth';
import type { Config } from '../config/config.ts';
import { metadataDict } from '../metadata/dict.ts';
import { sharedEntries } from '../metadata/shared-entries.ts';
import { answersStun } from '../metadata/stun.ts';
import { TurnServer } from '../metadata/turn.ts';
import { Arrivals } from '../push/arrivals.ts';
import { Notifier, type PushEvent } from '../push/notifier.ts';
import { layoutOf } from '../setup/layout.ts';
import type { Store } from '../store/store.ts';
import { inheritedSockets, listenOn } from './held-sockets.ts';
import type { Log } from './log.ts';
import { redact } from './mail-log.ts';
import { reasonOf, type Service } from './service.ts';
import { userEntries } from './user-entries.ts';

/** Postfix's `smtpd_recipient_limit`, which we leave as it is. */
const maxRecipients = 1_000;

export interface MetadataParts {
  readonly store: Store;
  readonly log: Log;
  readonly onDoorEvent: (event: DoorEvent) => void;
}

/** Answers IMAP METADATA, hears of new mail from Dovecot, and has devices woken for it. */
export async function startMetadata(config: Config, { store, log, onDoorEvent }: MetadataParts): Promise<Service> {
  const layout = layoutOf(config);
  const { service: url } = config.push;
  const onEvent = (event: PushEvent): void => logPush(event, log);
  const notifier = url === 'off' ? undefined : new Notifier({ store, url, now: Date.now, onEvent });
  const entries = new Map([
    ...sharedEntries(await sharedValues(config, log)),
    ...userEntries({ store, now: Date.now, isPushing: notifier !== undefined }),
  ]);
  const server = createDictServer({
    handlers: { metadata: metadataDict(store, entries) },
    onEvent: onDoorEvent,
  });
  await server.listen({ client: [listenOn('metadata', layout, inheritedSockets())] });
  const arrivals =
    notifier &&
    new Arrivals({
      folder: layout.newMailFolder,
      announce: (user) => notifier.announce(user),
      onFailure: (cause) => onEvent({ kind: 'push.store-failed', cause }),
    });
  notifier?.start();
  await arrivals?.start();
  return {
    async stop() {
      await server.close();
      await arrivals?.stop();
      await notifier?.stop();
    },
  };
}

async function sharedValues({ calls, clients }: Config, log: Log): Promise<Parameters<typeof sharedEntries>[0]> {
  const { turnHost: host, turnPort: port, turnSecret: secret } = calls;
  const turn =
    host === undefined || secret === undefined
      ? undefined
      : new TurnServer({ host, port, secret, now: Date.now, probe: () => answersStun({ host, port }) });
  return {
    maxRecipients,
    irohRelay: clients.irohRelay,
    appVersions: clients.appVersions === undefined ? undefined : await readAppVersions(clients.appVersions, log),
    turn: turn && (() => turn.offer()),
  };
}

/** On one line, as Dovecot and clients want it. The relay goes on without it. */
async function readAppVersions(path: string, log: Log): Promise<string | undefined> {
  try {
    return JSON.stringify(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    log('app-versions.unusable', { error: redact(reasonOf(error)) });
    return undefined;
  }
}

function logPush(event: PushEvent, log: Log): void {
  switch (event.kind) {
    case 'push.unavailable':
      log(event.kind, { reason: event.reason });
      return;
    case 'push.available':
      log(event.kind, { failures: event.failures });
      return;
    case 'push.store-failed':
      log(event.kind, { error: redact(reasonOf(event.cause)) });
  }
}
