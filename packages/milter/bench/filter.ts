/** The filters that are measured, in a process of their own: `filter.ts UNIX_PATH WAITING_PATH [TCP_PORT]`. */
import { createMilter, type Handlers } from '../src/index.ts';

const nothing = { observe: () => {} };
const noOp: Handlers<never, undefined, undefined> = {
  mail: nothing,
  rcpt: nothing,
  header: nothing,
  body: nothing,
  endOfMessage: () => {},
};
/** The slowest that somebody would write: a handler that may answer at every stage. */
const waiting: Handlers<never, undefined, undefined> = {
  connect: () => {},
  helo: () => {},
  mail: () => {},
  rcpt: () => {},
  data: () => {},
  header: () => {},
  endOfHeaders: () => {},
  body: () => {},
  unknown: () => {},
  endOfMessage: () => {},
};

const [unixPath = '', waitingPath = '', tcpPort] = process.argv.slice(2);
await createMilter({ name: 'no-op', on: noOp }).listen({ path: unixPath, mode: 0o666 });
await createMilter({ name: 'waiting', on: waiting }).listen({ path: waitingPath, mode: 0o666 });
if (tcpPort !== undefined)
  await createMilter({ name: 'tcp', on: noOp }).listen({ host: '127.0.0.1', port: Number(tcpPort) });
process.stdout.write('listening\n');

// Whoever started us asks for our memory, after a collection.
process.on('message', (message) => {
  if (message === 'collect') globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  process.send?.({ heapUsed, external, rss });
});
