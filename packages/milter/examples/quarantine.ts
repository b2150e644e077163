/** Puts messages with a certain word on hold, in one function: `quarantine.ts PATH`. */
import { filter } from '@postern/milter';

const milter = filter(
  (mail, { edit }) => {
    if (/lottery/i.test(Buffer.from(mail.body).toString())) edit.quarantine('mentions a lottery');
  },
  { name: 'quarantine', actions: ['quarantine'], body: { prefix: 64 * 1024 } },
);
await milter.listen({ path: process.argv[2] ?? '/run/quarantine.sock' });
