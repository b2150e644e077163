import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { dotStuffed } from './dot-stuffing.ts';

export interface DoorEnvelope {
  /** Empty for the null sender. */
  readonly from: string;
  readonly to: readonly string[];
  /** What the sender says its message will have. */
  readonly bytes: number | undefined;
}

/** Longer than the filter may take for a message. */
const replyTimeoutMs = 290_000;
/** RFC 5321 §4.5.3.1.3, and nothing that would end the path or the command. */
const path = /^[!-;=?-~]{1,254}$/;

/**
 * Hands one message to the mail server, which decides by the rules of that port.
 *
 * @param chunks the message; it is not accepted unless they come to their end.
 * @returns the mail server's reply: its last one, or the first that is no.
 * @throws when the mail server does not answer, or whatever the chunks throw.
 */
export async function handOver(
  port: number,
  envelope: DoorEnvelope,
  chunks: AsyncIterable<Uint8Array>,
): Promise<string> {
  if (![...envelope.to, ...(envelope.from === '' ? [] : [envelope.from])].every((address) => path.test(address)))
    return '501 5.1.3 Bad address syntax';
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, timeout: replyTimeoutMs });
  socket.once('timeout', () => socket.destroy(new Error('the mail server does not answer')));
  socket.on('error', () => {}); // whoever reads or writes hears of it
  try {
    return await converse(socket, envelope, chunks);
  } finally {
    socket.destroy();
  }
}

async function converse(
  socket: Socket,
  { from, to, bytes }: DoorEnvelope,
  chunks: AsyncIterable<Uint8Array>,
): Promise<string> {
  const lines = createInterface({ input: socket, crlfDelay: Infinity })[Symbol.asyncIterator]();
  const reply = async (): Promise<string> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) throw socket.errored ?? new Error('the mail server closed the connection');
      if (/^\d{3}(?: |$)/.test(value)) return value;
    }
  };
  const size = bytes === undefined ? '' : ` SIZE=${bytes}`;
  const greeting = await reply();
  if (!greeting.startsWith('2')) return greeting;
  for (const command of [
    'EHLO https.localhost',
    `MAIL FROM:<${from}> BODY=8BITMIME${size}`,
    ...to.map((recipient) => `RCPT TO:<${recipient}>`),
    'DATA',
  ]) {
    socket.write(`${command}\r\n`);
    const answer = await reply();
    if (!/^[23]/.test(answer)) return answer;
  }
  for await (const chunk of dotStuffed(chunks)) {
    if (!socket.write(chunk)) await drained(socket);
  }
  socket.write('.\r\n');
  return await reply();
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      socket.off('drain', settle).off('close', settle);
      if (socket.destroyed) reject(socket.errored ?? new Error('the mail server closed the connection'));
      else resolve();
    };
    socket.on('drain', settle).on('close', settle);
  });
}
