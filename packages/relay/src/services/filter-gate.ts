import type { MilterServer } from '@postern/milter';
import type { Config } from '../config/config.ts';
import type { CleartextPreferences } from '../mail/cleartext-refusals.ts';
import type { FilterEventListener } from '../mail/filter-events.ts';
import { allowedHeaders } from '../mail/header-privacy.ts';
import { createIncomingFilter } from '../mail/incoming-filter.ts';
import type { Limiter } from '../mail/limiter.ts';
import { createSubmissionFilter } from '../mail/submission-filter.ts';
import { layoutOf } from '../setup/layout.ts';
import { inheritedSockets, listenOn } from './held-sockets.ts';
import type { Service } from './service.ts';

const drainMs = 10_000;

export interface GateParts {
  readonly limiter: Limiter;
  readonly preferences: CleartextPreferences;
  readonly onEvent: FilterEventListener;
}

/** Both filters, listening in this process. */
export async function openGate(config: Config, { limiter, preferences, onEvent }: GateParts): Promise<Service> {
  const layout = layoutOf(config);
  const refusesCleartext = config.mail.incomingCleartext === 'refuse';
  const submission = createSubmissionFilter({
    limiter,
    allowedHeaders: allowedHeaders(config.mail.outgoingHeaders),
    onEvent,
  });
  const incoming = createIncomingFilter({ refusesCleartext, preferences, limiter, onEvent });
  const inherited = inheritedSockets();
  const servers: MilterServer[] = await Promise.all([
    submission.listen(listenOn('filter-submission', layout, inherited)),
    incoming.listen(listenOn('filter-incoming', layout, inherited)),
  ]);
  return {
    async stop() {
      await Promise.all(servers.map((server) => server.close({ drainMs })));
    },
  };
}
