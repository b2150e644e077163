import { randomBytes } from 'node:crypto';
import { Registration } from '../accounts/registration.ts';
import { agreeOnSecret } from '../accounts/secret-agreement.ts';
import { loadSecrets } from '../accounts/secrets.ts';
import type { Config } from '../config/config.ts';
import { handOver } from '../mail/smtp-door.ts';
import { deliveryPort, layoutOf } from '../setup/layout.ts';
import { openStore } from '../store/store.ts';
import { newCredentials } from '../web/credentials.ts';
import type { WebEvent } from '../web/events.ts';
import { createWebServer } from '../web/server.ts';
import { inheritedSockets } from './held-sockets.ts';
import type { Log } from './log.ts';
import { redact } from './mail-log.ts';
import { reasonOf, type Service } from './service.ts';
import { accountSettings, secretPath, storeLocation, webSettings } from './settings.ts';
import { Tally, tellTallies } from './tally.ts';

const port = 443;

/** Serves the page, new credentials and autoconfiguration, and hands IMAP and SMTP on. */
export async function startWebService(config: Config, log: Log): Promise<Service> {
  const { certificate, key } = layoutOf(config);
  const store = await openStore(storeLocation(config));
  const secrets = loadSecrets(secretPath(config), randomBytes);
  await agreeOnSecret(store, secrets, secretPath(config));
  const registration = new Registration({
    store,
    settings: accountSettings(config),
    secrets,
    now: Date.now,
    newCredentials: () => newCredentials({ domain: config.domain, usernameLength: config.accounts.usernameMaxLength }),
  });
  const refusals = new Tally(
    'postern_signups_refused_total',
    'Accounts that the web page did not give out, by reason.',
    'reason',
  );
  const server = createWebServer({
    settings: webSettings(config),
    tls: { certPath: certificate, keyPath: key },
    registration,
    delivery: {
      maxMessageBytes: config.mail.maxMessageBytes,
      handOver: (envelope, chunks) => handOver(deliveryPort, envelope, chunks),
    },
    isHealthy: () =>
      registration.refresh().then(
        () => true,
        () => false,
      ),
    onEvent: (event) => {
      if (event.kind === 'account.refused') refusals.count(event.code);
      logWeb(event, log);
    },
  });
  await server.listen({ port });
  const countsFd = inheritedSockets().get('web-counts');
  const counts = countsFd === undefined ? undefined : await tellTallies([refusals], countsFd);
  return {
    async stop() {
      await Promise.all([server.close(), counts?.stop()]);
      await store.close();
    },
  };
}

function logWeb(event: WebEvent, log: Log): void {
  switch (event.kind) {
    case 'request.failed':
      log(event.kind, { route: event.route, error: redact(reasonOf(event.error)) });
      return;
    case 'certificate.unusable':
      log(event.kind, { error: redact(reasonOf(event.error)) });
      return;
    case 'customisation.unusable':
      log(event.kind, { file: event.file, reason: event.reason });
      return;
    case 'certificate.loaded':
      log(event.kind, { validUntil: event.validUntil });
      return;
    case 'account.refused':
      log(event.kind, { reason: event.code });
      return;
    case 'request.answered':
    case 'account.offered':
    case 'connection.refused':
    case 'connection.failed':
    case 'connection.handed-over':
  }
}
