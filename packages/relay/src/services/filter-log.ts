import type { MilterEvent } from '@postern/milter';
import type { FilterEvent } from '../mail/filter-events.ts';
import type { Log } from './log.ts';
import { redact } from './mail-log.ts';
import { reasonOf } from './service.ts';

/** One line for what an operator may have to know; accepted mail is no news. */
export function logFilter(event: FilterEvent, log: Log): void {
  switch (event.kind) {
    case 'message':
      if (event.verdict !== 'accept') log(`message.${event.verdict}`, { door: event.door, reason: event.reason });
      return;
    case 'limits.unavailable':
      log(event.kind, { error: redact(reasonOf(event.cause)) });
      return;
    case 'limits.available':
      log(event.kind, { failures: event.failures });
      return;
    case 'milter':
      logMilter(event.event, log);
      return;
    case 'encryption':
    case 'held':
    case 'preferences.unavailable': // the limits' store is the same one, and says it once
    case 'standing.unavailable':
  }
}

function logMilter(event: MilterEvent, log: Log): void {
  switch (event.kind) {
    case 'connection.refused':
      log(event.kind, { connection: event.connection, code: event.code });
      return;
    case 'connection.failed':
      log(event.kind, { connection: event.connection, reason: redact(event.reason) });
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
