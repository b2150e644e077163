import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

/**
 * Sends one message after another to each of some ports in turns, and prints for each how long the relay took from
 * MAIL FROM to the last reply, in milliseconds: `latency.ts SENDER RECIPIENT FILE COUNT PORT…`.
 */
const [sender = '', recipient = '', file = '', count = '0', ...ports] = process.argv.slice(2);
const message = readFileSync(file);

interface Session {
  readonly port: string;
  readonly times: number[];
  readonly say: (data: string | Buffer) => Promise<void>;
}

async function open(port: string): Promise<Session> {
  const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true });
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const reply = async (): Promise<void> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true || /^[45]/.test(value)) throw new Error(`port ${port} said ${String(value)}`);
      if (!/^\d{3}-/.test(value)) return;
    }
  };
  const say = async (data: string | Buffer): Promise<void> => {
    socket.write(data);
    await reply();
  };
  await reply();
  await say('EHLO bench.example\r\n');
  return { port, times: [], say };
}

const sessions = await Promise.all(ports.map(open));
for (let n = 0; n < Number(count); n += 1) {
  for (const { say, times } of sessions) {
    const startedAt = performance.now();
    await say(`MAIL FROM:<${sender}>\r\n`);
    await say(`RCPT TO:<${recipient}>\r\n`);
    await say('DATA\r\n');
    await say(Buffer.concat([message, Buffer.from('.\r\n')]));
    times.push(performance.now() - startedAt);
  }
}
process.stdout.write(JSON.stringify(sessions.map(({ times }) => times)));
process.exit(0);
