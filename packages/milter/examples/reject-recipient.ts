/** Refuses single recipients while the client is still connected: `reject-recipient.ts PATH`. */
import { createMilter, reply } from '@postern/milter';

const full = new Set(['full@example.net']);

const milter = createMilter({
  name: 'reject-recipient',
  on: {
    // Nothing returned lets this recipient pass; `accept` would let the whole message pass.
    rcpt: ({ to }) => (full.has(to.toLowerCase()) ? reply(452, '4.2.2', 'Mailbox full') : undefined),
  },
});
await milter.listen({ path: process.argv[2] ?? '/run/reject-recipient.sock' });
