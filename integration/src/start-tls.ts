import { connect as connectTcp, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';

/** A port on this machine, or somewhere else. */
export type Where = number | { readonly host: string; readonly port: number };

export function addressOf(where: Where): { host: string; port: number } {
  return typeof where === 'number' ? { host: '127.0.0.1', port: where } : where;
}

/**
 * A connection that begins in clear: waits for the greeting, says the lines, each after the reply to the one before, and
 * after the reply to the last begins to encrypt. Whatever certificate the server has is taken.
 */
export async function startTls(
  where: Where,
  lines: readonly string[],
  options: ConnectionOptions = {},
): Promise<TLSSocket> {
  const plain = connectTcp({ ...addressOf(where), noDelay: true });
  plain.on('error', () => {}); // seen as the end of the replies
  const input = createInterface({ input: plain, crlfDelay: Infinity });
  const replies = input[Symbol.asyncIterator]();
  await lastLine(replies);
  for (const line of lines) {
    plain.write(`${line}\r\n`);
    await lastLine(replies);
  }
  input.close();
  plain.removeAllListeners('data');
  const socket = connectTls({ ...options, socket: plain, rejectUnauthorized: false });
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  socket.on('error', () => {}); // seen as the end of the lines
  return socket;
}

/** @returns the last line of an SMTP reply, or one of IMAP. */
export async function lastLine(lines: AsyncIterator<string>): Promise<string> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the server closed the connection');
    if (!/^\d{3}-/.test(value)) return value;
  }
}

export function linesOf(input: Socket): AsyncIterator<string> {
  return createInterface({ input, crlfDelay: Infinity })[Symbol.asyncIterator]();
}
