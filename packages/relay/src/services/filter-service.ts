import type { MilterEvent } from '@postern/milter';
import type { Config } from '../config/config.ts';
import type { FilterEvent } from '../mail/filter-events.ts';
import { createIncomingFilter } from '../mail/incoming-filter.ts';
import { SendingLimit } from '../mail/sending-limit.ts';
import { createSubmissionFilter } from '../mail/submission-filter.ts';
import { layoutOf } from '../setup/layout.ts';
import { inheritedSockets, listenOn } from './held-sockets.ts';
import type { Log } from './log.ts';
import { redact } from './mail-log.ts';
import { reasonOf, type Service } from './service.ts';

const drainMs = 10_000;

/** Decides about every message that users send and that other servers bring. */
export async function startFilterService(config: Config, log: Log): Promise<Service> {
  const layout = layoutOf(config);
  const onEvent = (event: FilterEvent): void => logFilter(event, log);
  const submission = createSubmissionFilter({
    limit: new SendingLimit(config.limits.messagesPerMinute),
    now: () => performance.now(),
    onEvent,
  });
  const incoming = createIncomingFilter({ refusesCleartext: config.mail.incomingCleartext === 'refuse', onEvent });
  const inherited = inheritedSockets();
  const servers = await Promise.all([
    submission.listen(listenOn('filter-submission', layout, inherited)),
    incoming.listen(listenOn('filter-incoming', layout, inherited)),
  ]);
  return {
    async stop() {
      await Promise.all(servers.map((server) => server.close({ drainMs })));
    },
  };
}

function logFilter(event: FilterEvent, log: Log): void {
  if (event.kind === 'milter') logMilter(event.event, log);
  else if (event.verdict !== 'accept') log(`message.${event.verdict}`, { reason: event.reason });
}

function logMilter(event: MilterEvent, log: Log): void {
  switch (event.kind) {
    case 'connection.refused':
      log(event.kind, { connection: event.connection, code: event.code });
      return;
    case 'connection.failed':
      log(event.kind, { connection: event.connection, reason: event.reason });
      return;
    case 'connection.dropped':
      log(event.kind, { limit: event.limit });
      return;
    case 'handler.failed':
      log(event.kind, { connection: event.connection, stage: event.stage, error: redact(reasonOf(event.error)) });
      return;
    case 'connection.negotiated':
    case 'connection.closed':
    case 'connection.stranger':
    case 'verdict':
    case 'message.aborted':
  }
}
