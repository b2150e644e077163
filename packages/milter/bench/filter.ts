/** The filters that are measured, in a process of their own: `filter.ts FOLDER [TCP_PORT SILENT_TCP_PORT]`. */
import { createServer } from 'node:net';
import { join } from 'node:path';
import { systemClock } from '../src/clock.ts';
import { createMilter, type Handlers } from '../src/index.ts';
import { compile } from '../src/program.ts';
import { MilterSession } from '../src/session.ts';
import { FrameDecoder } from '../src/wire/frames.ts';

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

const [folder = '.', tcpPort, silentPort] = process.argv.slice(2);
const filters = { observing: noOp, waiting, empty: {} };
for (const [name, on] of Object.entries(filters)) {
  await createMilter({ name, on }).listen({ path: join(folder, `${name}.sock`), mode: 0o666 });
}
if (tcpPort !== undefined) {
  await createMilter({ name: 'tcp', on: noOp }).listen({ host: '127.0.0.1', port: Number(tcpPort) });
}
if (silentPort !== undefined) listenSilently(Number(silentPort));
process.stdout.write('listening\n');

// Whoever started us asks for our memory: as it is, or what is left of it after a collection.
process.on('message', (message) => {
  if (message === 'held') {
    globalThis.gc?.();
    // The pieces of bodies are given back in the background, and only the next collection waits for that.
    globalThis.gc?.();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  process.send?.({ heapUsed, external, rss });
});

/** What the library would do over TCP if it did not know better: the negotiation of a unix socket, answering nothing. */
function listenSilently(port: number): void {
  const program = compile({ name: 'silent', on: noOp });
  const server = createServer({ noDelay: true }, (socket) => {
    const decoder = new FrameDecoder(65_537);
    const session = new MilterSession({
      program,
      id: 0,
      transport: 'unix',
      output: { send: (frame) => socket.write(frame), room: () => undefined },
      clock: systemClock,
    });
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      // Its handlers answer at once, so that there is nothing to wait for.
      for (const frame of decoder.decode(chunk)) if (session.receive(frame) === 'quit') socket.end();
    });
  });
  server.listen(port, '127.0.0.1');
}
