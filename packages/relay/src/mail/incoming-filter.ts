import { type Check, createCheck } from '@postern/encryption-check';
import { accept, createMilter, type Milter, reply } from '@postern/milter';
import type { FilterEventListener } from './filter-events.ts';
import { decideIncoming } from './policy.ts';

export interface IncomingFilterOptions {
  /** What the operator wants with mail that is not encrypted. */
  readonly refusesCleartext: boolean;
  readonly onEvent: FilterEventListener;
}

/** The gate for mail from other servers: looks at what comes, and refuses cleartext where the operator wants that. */
export function createIncomingFilter({ refusesCleartext, onEvent }: IncomingFilterOptions): Milter {
  return createMilter({
    name: 'incoming',
    message: (): { readonly check: Check } => ({ check: createCheck({ direction: 'incoming' }) }),
    on: {
      header: { observe: (event, { message }) => message.check.header(event.rawName, event.rawValue) },
      endOfHeaders: { observe: (_event, { message }) => message.check.endOfHeaders() },
      body: { observe: (chunk, { message }) => message.check.body(chunk) },
      endOfMessage: (_event, { message }) => {
        const verdict = decideIncoming({ finding: message.check.end(), refusesCleartext });
        onEvent({ kind: 'message', verdict: verdict.kind, reason: verdict.reason });
        return verdict.kind === 'accept' ? accept : reply(verdict.code, undefined, verdict.text);
      },
    },
    onError: 'tempfail',
    onEvent: (event) => onEvent({ kind: 'milter', event }),
  });
}
