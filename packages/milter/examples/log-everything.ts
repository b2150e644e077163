/** Writes down what passes, and makes nobody wait for it: `log-everything.ts PATH`. */
import { createMilter } from '@postern/milter';

const log = (line: string): void => void process.stdout.write(`${line}\n`);

const milter = createMilter({
  name: 'log-everything',
  message: () => ({ bytes: 0 }),
  on: {
    connect: { observe: ({ hostname }) => log(`connect ${hostname}`) },
    helo: { observe: ({ name }) => log(`helo ${name}`) },
    mail: { observe: ({ from }) => log(`mail ${from}`) },
    rcpt: { observe: ({ to }) => log(`rcpt ${to}`) },
    header: { observe: ({ name }) => log(`header ${name}`) },
    body: {
      observe: (chunk, { message }) => {
        message.bytes += chunk.length;
      },
    },
    endOfMessage: (_, { message }) => log(`end after ${message.bytes} bytes`),
    abort: () => log('abort'),
    close: () => log('close'),
  },
});
await milter.listen({ path: process.argv[2] ?? '/run/log-everything.sock' });
