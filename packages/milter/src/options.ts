import type { Action } from './edits.ts';
import type { Handlers } from './handlers.ts';
import type { Limits } from './limits.ts';
import type { MilterEvent } from './milter-events.ts';
import type { MacroRequests } from './negotiation.ts';
import type { Stage } from './stages.ts';
import type { Accept, Reject, SmtpReply, Tempfail } from './verdicts.ts';

/** What a message gets when we fail: a handler threw or took too long. */
export type ErrorPolicy =
  | 'tempfail'
  | 'reject'
  | 'accept'
  | ((error: unknown, stage: Stage | 'connection' | 'message') => Accept | Reject | Tempfail | SmtpReply);

export interface MilterOptions<A extends Action, C, M> {
  /** For people: names the filter. */
  readonly name: string;
  /** What the filter may do to a message. A mail server that does not offer one of them is refused. */
  readonly actions?: readonly A[];
  /** Macros to ask for, where the mail server lets a filter ask. */
  readonly macros?: MacroRequests;
  /** Makes the state of one SMTP connection. */
  readonly connection?: () => C;
  /** Makes the state of one message. */
  readonly message?: (connection: C) => M;
  readonly on: Handlers<A, C, M>;
  /** Default: `tempfail`. */
  readonly onError?: ErrorPolicy;
  /** How often the mail server is told that a handler is still at work. Default: 10,000; 0 is never. */
  readonly keepAliveMs?: number;
  /** How long one handler may take. Default: 270,000. */
  readonly handlerTimeoutMs?: number;
  readonly limits?: Partial<Limits>;
  /** Also show recipients that the mail server has refused itself; `macro('rcpt_mailer')` is `error` for them. */
  readonly rejectedRecipients?: boolean;
  /** Header values come and go with the white space behind the colon; for filters that need the exact bytes. */
  readonly leadingSpace?: boolean;
  /** Ask for larger body pieces; only some builds of Sendmail have them. Default: 65,535. */
  readonly maxDataBytes?: 65_535 | 262_143 | 1_048_575;
  /** Is told what happens, for logs and metrics. Must not throw. */
  readonly onEvent?: (event: MilterEvent) => void;
  /** Is shown every frame, without its length field, for debugging. */
  readonly onFrame?: (direction: 'in' | 'out', frame: Uint8Array, connection: number) => void;
}
