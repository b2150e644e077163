import { accept, createMilter, type Milter } from '@postern/milter';
import { addSignatures, leaves, MessageSigner, type Signing } from './dkim/signer.ts';
import type { FilterEventListener } from './filter-events.ts';
import { noMacros } from './macros.ts';
import { decide } from './policy.ts';

interface Message {
  signer: MessageSigner | undefined;
}

/** Signs what our own Postfix writes to people elsewhere: delivery reports, which other relays would refuse unsigned. */
export function createReportFilter({ signing, onEvent }: { signing: Signing; onEvent: FilterEventListener }): Milter {
  return createMilter({
    name: 'report',
    actions: ['addHeader'],
    macros: noMacros,
    connection: () => undefined,
    message: (): Message => ({ signer: undefined }),
    on: {
      rcpt: {
        observe: (event, { message }) => {
          if (leaves(event.to, signing)) message.signer ??= new MessageSigner(signing);
        },
      },
      header: { observe: (event, { message }) => message.signer?.header(event.name, event.rawValue) },
      body: { observe: (chunk, { message }) => message.signer?.body(chunk) },
      endOfMessage: (_event, { message, edit }) => {
        addSignatures(message.signer, edit);
        const { kind, reason } = decide({ situation: 'local' });
        onEvent({ kind: 'message', door: 'report', verdict: kind, reason });
        return accept;
      },
    },
    onError: 'tempfail',
    onEvent: (event) => onEvent({ kind: 'milter', door: 'report', event }),
  });
}
