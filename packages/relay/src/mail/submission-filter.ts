import { type Check, createCheck } from '@postern/encryption-check';
import { accept, createMilter, type Milter, reply, type SmtpReply, tempfail } from '@postern/milter';
import type { FilterEventListener } from './filter-events.ts';
import { readAuthor } from './from-header.ts';
import { HeaderPrivacy } from './header-privacy.ts';
import { decideSender, decideSubmission, type Verdict } from './policy.ts';
import type { Reservation, SendingLimit } from './sending-limit.ts';

export interface SubmissionFilterOptions {
  readonly limit: SendingLimit;
  /** A clock in milliseconds that never goes back. */
  readonly now: () => number;
  readonly onEvent: FilterEventListener;
}

interface Message {
  readonly check: Check;
  readonly authors: string[];
  readonly privacy: HeaderPrivacy;
  sender: string;
  login: string | undefined;
  reservation: Reservation | undefined;
}

/**
 * The gate for authenticated users: asks once who sends (at the first recipient) and once what (at the end of the
 * message), and lets only end-to-end encrypted mail in the sender's own name pass.
 */
export function createSubmissionFilter({ limit, now, onEvent }: SubmissionFilterOptions): Milter {
  const answer = (verdict: Verdict): SmtpReply | undefined => {
    if (verdict.kind === 'accept') return undefined;
    onEvent({ kind: 'message', verdict: verdict.kind, reason: verdict.reason });
    return reply(verdict.code, undefined, verdict.text);
  };
  return createMilter({
    name: 'submission',
    actions: ['changeHeader'],
    macros: { mail: ['{auth_authen}'] },
    message: (): Message => ({
      check: createCheck({ direction: 'outgoing' }),
      authors: [],
      privacy: new HeaderPrivacy(),
      sender: '',
      login: undefined,
      reservation: undefined,
    }),
    on: {
      mail: {
        observe: (event, { message, macro }) => {
          message.sender = event.from.toLowerCase();
          message.login = macro('auth_authen')?.toLowerCase();
        },
      },
      rcpt: (_event, { message }) => {
        if (message.reservation !== undefined) return undefined;
        const { sender, login } = message;
        const named = decideSender({ sender, login });
        if (named.kind !== 'accept') return answer(named);
        const permission = limit.reserve(sender, now());
        if (permission.kind === 'exceeded') {
          return answer(decideSender({ sender, login, waitSeconds: permission.waitSeconds }));
        }
        message.reservation = permission.reservation;
        return undefined;
      },
      header: {
        observe: (event, { message }) => {
          message.check.header(event.rawName, event.rawValue);
          message.privacy.header(event.name, event.value);
          if (event.name.toLowerCase() === 'from') message.authors.push(event.value);
        },
      },
      endOfHeaders: { observe: (_event, { message }) => message.check.endOfHeaders() },
      body: { observe: (chunk, { message }) => message.check.body(chunk) },
      endOfMessage: (_event, { message, edit }) => {
        const { check, authors, sender, privacy, reservation } = message;
        // A message that no recipient was asked about cannot be: nobody vouched for its sender.
        if (reservation === undefined) return tempfail;
        try {
          const verdict = decideSubmission({ sender, author: readAuthor(authors), finding: check.end() });
          if (verdict.kind !== 'accept') return answer(verdict);
          privacy.apply(edit);
          reservation.commit(now());
          onEvent({ kind: 'message', verdict: 'accept', reason: verdict.reason });
          return accept;
        } finally {
          reservation.refund(); // of no effect once it was committed
        }
      },
      abort: ({ message }) => message.reservation?.refund(),
    },
    onError: 'tempfail',
    onEvent: (event) => onEvent({ kind: 'milter', event }),
  });
}
