import type { Socket } from 'node:net';
import type { Post } from './mailbox.ts';

const endOfData = '\r\n.\r\n';

/** As much of SMTP (RFC 5321, RFC 4954) as Delta Chat uses, for one connection. Every login is let in. */
export function serveSmtp(socket: Socket, post: Post): void {
  let rest = '';
  let from = '';
  let recipients: string[] = [];
  let isData = false;
  const say = (line: string): boolean => socket.write(`${line}\r\n`);
  const address = (line: string): string => (line.match(/<([^>]*)>/)?.[1] ?? '').toLowerCase();

  const command = (line: string): void => {
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === 'EHLO') say('250-relay\r\n250 AUTH PLAIN');
    else if (verb === 'AUTH') say('235 welcome');
    else if (verb === 'MAIL') {
      from = address(line);
      recipients = [];
      say('250 ok');
    } else if (verb === 'RCPT') {
      recipients.push(address(line));
      say('250 ok');
    } else if (verb === 'DATA') {
      isData = true;
      say('354 go on');
    } else if (verb === 'QUIT') {
      say('221 bye');
      socket.end();
    } else say('250 ok');
  };

  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    rest += chunk.toString('latin1');
    for (;;) {
      const mark = isData ? endOfData : '\r\n';
      const end = rest.indexOf(mark);
      if (end === -1) return;
      const text = rest.slice(0, end);
      rest = rest.slice(end + mark.length);
      if (isData) {
        isData = false;
        post.send(from, recipients, Buffer.from(`${text}\r\n`.replaceAll('\r\n..', '\r\n.'), 'latin1'));
        say('250 taken');
      } else command(text);
    }
  });
  say('220 relay ESMTP');
}
