import { createServer, type Socket } from 'node:net';
import { chmodSync } from 'node:fs';

/** A message as it was delivered. */
export interface DeliveredMail {
  readonly sender: string;
  readonly recipients: readonly string[];
  /** Fields in their order, unfolded, without the mail servers' own `Received`. */
  readonly headers: readonly string[];
  readonly body: string;
}

/** Takes all mail by LMTP on a unix socket. */
export class LmtpSink implements AsyncDisposable {
  readonly #waiting: ((mail: DeliveredMail) => void)[] = [];
  readonly #mails: DeliveredMail[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => this.#serve(socket));

  static async open(path: string): Promise<LmtpSink> {
    const sink = new LmtpSink();
    await new Promise<void>((resolve) => sink.#server.listen(path, resolve));
    chmodSync(path, 0o666);
    return sink;
  }

  /** The next message, in the order of delivery. */
  next(): Promise<DeliveredMail> {
    const mail = this.#mails.shift();
    return mail === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(mail);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket)).on('error', () => {});
    let line = '';
    let envelope = { sender: '', recipients: [] as string[] };
    let content: Buffer[] | undefined;
    const take = (command: string): void => {
      if (/^LHLO/i.test(command)) socket.write('250-sink\r\n250-8BITMIME\r\n250-DSN\r\n250 ENHANCEDSTATUSCODES\r\n');
      else if (/^MAIL/i.test(command)) {
        envelope = { sender: /<(.*?)>/.exec(command)?.[1] ?? '', recipients: [] };
        socket.write('250 2.1.0 ok\r\n');
      } else if (/^RCPT/i.test(command)) {
        envelope.recipients.push(/<(.*?)>/.exec(command)?.[1] ?? '');
        socket.write('250 2.1.5 ok\r\n');
      } else if (/^DATA/i.test(command)) {
        content = [];
        socket.write('354 go on\r\n');
      } else if (/^QUIT/i.test(command)) socket.end('221 2.0.0 bye\r\n');
      else socket.write('250 2.0.0 ok\r\n');
    };
    socket.write('220 sink\r\n');
    socket.on('data', (chunk: Buffer) => {
      if (content !== undefined) {
        content.push(chunk);
        const tail = Buffer.concat(content.slice(-5).map((piece) => piece.subarray(-5)))
          .toString('latin1')
          .slice(-5);
        if (tail !== '\r\n.\r\n') return;
        this.#deliver(envelope, Buffer.concat(content).toString('latin1').slice(0, -3));
        socket.write('250 2.0.0 ok\r\n'.repeat(envelope.recipients.length));
        content = undefined;
        return;
      }
      line += chunk.toString('latin1');
      for (let end = line.indexOf('\r\n'); end !== -1; end = line.indexOf('\r\n')) {
        const command = line.slice(0, end);
        line = line.slice(end + 2);
        take(command);
      }
    });
  }

  #deliver(envelope: { sender: string; recipients: string[] }, text: string): void {
    const end = text.startsWith('\r\n') ? 0 : text.indexOf('\r\n\r\n') + 2;
    const fields = text
      .slice(0, end)
      .replaceAll(/\r\n([ \t])/g, '$1')
      .split('\r\n')
      .slice(0, -1);
    const mail = {
      ...envelope,
      headers: fields.filter((field) => !/^(?:Received|Return-Path|Date|Message-Id):/i.test(field)),
      body: text.slice(end + 2).replaceAll(/^\.\./gm, '.'),
    };
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#mails.push(mail);
    else waiting(mail);
  }
}
