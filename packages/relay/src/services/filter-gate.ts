import type { MilterServer } from '@postern/milter';
import type { Config } from '../config/config.ts';
import { isAddressLiteral } from '../config/mail-domain.ts';
import type { CleartextPreferences } from '../mail/cleartext-refusals.ts';
import { KeyLookup, systemTxtLookup } from '../mail/dkim/key-lookup.ts';
import { loadVerifier } from '../mail/dkim/signature-check.ts';
import type { Signing } from '../mail/dkim/signer.ts';
import type { FilterEventListener } from '../mail/filter-events.ts';
import { allowedHeaders } from '../mail/header-privacy.ts';
import { createIncomingFilter } from '../mail/incoming-filter.ts';
import type { Limiter } from '../mail/limiter.ts';
import type { SenderStandings } from '../mail/sender-standing.ts';
import { createReportFilter } from '../mail/report-filter.ts';
import { createSubmissionFilter } from '../mail/submission-filter.ts';
import { readDkimKeys } from '../setup/dkim-keys.ts';
import { layoutOf } from '../setup/layout.ts';
import { inheritedSockets, listenOn } from './held-sockets.ts';
import type { Service } from './service.ts';

const drainMs = 10_000;

export interface GateParts {
  readonly limiter: Limiter;
  readonly users: CleartextPreferences & SenderStandings;
  readonly onEvent: FilterEventListener;
}

/** All filters, listening in this process. */
export async function openGate(config: Config, { limiter, users, onEvent }: GateParts): Promise<Service> {
  const layout = layoutOf(config);
  const refusesCleartext = config.mail.incomingCleartext === 'refuse';
  const signing = await signingOf(config);
  const submission = createSubmissionFilter({
    limiter,
    standings: users,
    now: () => performance.now(),
    allowedHeaders: allowedHeaders(config.mail.outgoingHeaders),
    signing,
    onEvent,
  });
  const keys =
    config.mail.incomingUnsigned === 'accept' ? undefined : new KeyLookup(systemTxtLookup, () => performance.now());
  const incoming = createIncomingFilter({ refusesCleartext, preferences: users, keys, limiter, onEvent });
  const inherited = inheritedSockets();
  const servers: MilterServer[] = await Promise.all([
    submission.listen(listenOn('filter-submission', layout, inherited)),
    incoming.listen(listenOn('filter-incoming', layout, inherited)),
    ...(signing === undefined
      ? []
      : [createReportFilter({ signing, onEvent }).listen(listenOn('filter-report', layout, inherited))]),
  ]);
  if (keys !== undefined) await loadVerifier(); // so that no message waits for it, but those of this moment
  return {
    async stop() {
      await Promise.all(servers.map((server) => server.close({ drainMs })));
    },
  };
}

async function signingOf(config: Config): Promise<Signing | undefined> {
  const { domain } = config;
  if (isAddressLiteral(domain)) return undefined;
  return { domain, keys: await readDkimKeys(config), nowSeconds: () => Math.floor(Date.now() / 1000) };
}
