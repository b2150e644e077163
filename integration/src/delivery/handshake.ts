import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface Handshake {
  readonly ms: number;
  readonly isResumed: boolean;
  /** For the next time, where the server gave one. */
  readonly session: Buffer | undefined;
}

/** TCP, greeting, EHLO, STARTTLS, handshake and EHLO: what a client or another mail server does on port 587 or 25. */
export async function starttls(host: string, port: number, session?: Buffer): Promise<Handshake> {
  const start = performance.now();
  const plain = connectPlain({ host, port, noDelay: true });
  const answer = async (socket: NodeJS.EventEmitter): Promise<void> => {
    let text = '';
    while (!/^\d{3} .*\r\n$/m.test(text)) text += String((await once(socket, 'data'))[0]);
  };
  await answer(plain);
  for (const line of ['EHLO bench.example', 'STARTTLS']) {
    plain.write(`${line}\r\n`);
    await answer(plain);
  }
  plain.removeAllListeners('data');
  const socket = connectTls({ socket: plain, rejectUnauthorized: false, ...(session && { session }) });
  let ticket: Buffer | undefined;
  socket.on('session', (given: Buffer) => {
    ticket = given;
  });
  await once(socket, 'secureConnect');
  socket.write('EHLO bench.example\r\n');
  await answer(socket);
  const ms = performance.now() - start;
  socket.destroy();
  return { ms, isResumed: socket.isSessionReused(), session: ticket };
}
