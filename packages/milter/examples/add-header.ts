/** Says in every message which filter has seen it: `add-header.ts PATH`. */
import { createMilter } from '@postern/milter';

const milter = createMilter({
  name: 'add-header',
  actions: ['addHeader'],
  on: { endOfMessage: (_, { edit }) => edit.addHeader('X-Seen-By', 'add-header') },
});
await milter.listen({ path: process.argv[2] ?? '/run/add-header.sock', mode: 0o660 });
