import type { Socket } from 'node:net';
import type { Mailboxes } from './mailboxes.ts';

const endOfMessage = Buffer.from('\r\n.\r\n');

/** A scripted SMTP server that says yes at once and delivers into memory. */
export function serveSmtp(socket: Socket, mailboxes: Mailboxes): void {
  let input: Buffer = Buffer.alloc(0);
  let recipients: string[] = [];
  let inMessage = false;
  const say = (text: string): void => void socket.write(`${text}\r\n`);
  const command = (line: string): void => {
    const verb = line.split(/[ :]/, 1)[0]?.toUpperCase();
    if (verb === 'EHLO') say('250-floor\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN');
    else if (verb === 'AUTH') say('235 2.7.0 welcome');
    else if (verb === 'RCPT') {
      recipients.push(/<([^>]*)>/.exec(line)?.[1] ?? '');
      say('250 2.1.5 fine');
    } else if (verb === 'DATA') {
      inMessage = true;
      say('354 go on');
    } else if (verb === 'QUIT') socket.end('221 2.0.0 bye\r\n');
    else say('250 2.0.0 fine');
  };
  const deliver = (message: Buffer): void => {
    const plain = Buffer.from(message.toString('latin1').replace(/^\.\./gm, '.'), 'latin1');
    for (const recipient of recipients) mailboxes.of(recipient).deliver(plain);
    recipients = [];
    say('250 2.0.0 delivered');
  };
  say('220 floor ESMTP');
  socket.on('data', (chunk: Buffer) => {
    input = Buffer.concat([input, chunk]);
    for (;;) {
      const mark = inMessage ? endOfMessage : '\r\n';
      const end = input.indexOf(mark);
      if (end === -1) return;
      if (inMessage) {
        deliver(input.subarray(0, end + 2));
        inMessage = false;
      } else command(input.toString('latin1', 0, end));
      input = input.subarray(end + mark.length);
    }
  });
}
