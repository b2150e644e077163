import { once } from 'node:events';
import { request } from 'node:https';
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { handOver } from '../../src/mail/smtp-door.ts';
import { TestServer } from './web-fixture.ts';

/** A mail server that says what it is told to, and writes down what it hears. */
class ScriptedMailServer {
  readonly heard: string[] = [];
  /** By the first letters of a command, or of what ends the message. */
  readonly replies = new Map<string, string>([['DATA', '354 go on']]);
  port = 0;
  #ended: () => void = () => {};
  readonly ended = new Promise<void>((resolve) => (this.#ended = resolve));

  async start(): Promise<void> {
    const server = createServer((socket) => this.#talk(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the mail server has no port');
    this.port = address.port;
    onTestFinished(() => void server.close());
  }

  #talk(socket: Socket): void {
    let isData = false;
    socket.on('error', () => {});
    socket.on('close', this.#ended);
    socket.write('220-mail server\r\n220 ready\r\n');
    createInterface({ input: socket, crlfDelay: Infinity }).on('line', (line) => {
      this.heard.push(line);
      if (isData && line !== '.') return;
      const [, reply = '250-fine\r\n250 fine'] = [...this.replies].find(([start]) => line.startsWith(start)) ?? [];
      isData = reply.startsWith('354');
      socket.write(`${reply}\r\n`);
    });
  }
}

let mail: ScriptedMailServer;
let web: TestServer;

beforeEach(async () => {
  mail = new ScriptedMailServer();
  await mail.start();
  web = await TestServer.start({
    delivery: { maxMessageBytes: 100_000, handOver: (envelope, chunks) => handOver(mail.port, envelope, chunks) },
  });
});

interface Parcel {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly cutAt?: number;
}

function post(message: string, { method = 'POST', headers = {}, cutAt }: Parcel = {}): Promise<string> {
  return new Promise((resolve) => {
    const envelope = { 'X-MAIL-FROM': 'a@b.example', 'X-MAIL-TO': 'c@chat.example' };
    const where = { host: '127.0.0.1', port: web.port, path: '/mxdeliv', rejectUnauthorized: false };
    const sent = request({ ...where, method, headers: { ...envelope, ...headers } }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(`${response.statusCode} ${text}`));
    });
    sent.on('error', () => resolve('cut'));
    if (cutAt === undefined) sent.end(message);
    else sent.write(message.slice(0, cutAt), () => sent.destroy());
  });
}

describe('mail over HTTPS', () => {
  it('is handed over as it came', async () => {
    const headers = { 'X-MAIL-TO': ['c@chat.example', 'd@chat.example'], 'Content-Length': '17' };
    expect(await post('X: y\r\n\r\n.\r\n.\r\nend', { headers })).toBe('200 250 OK');
    expect(mail.heard).toEqual([
      'EHLO https.localhost',
      'MAIL FROM:<a@b.example> BODY=8BITMIME SIZE=17',
      'RCPT TO:<c@chat.example>',
      'RCPT TO:<d@chat.example>',
      'DATA',
      'X: y',
      '',
      '..',
      '..',
      'end',
      '.',
    ]);
  });

  it.each([
    ['MAIL', '552 5.3.4 too large'],
    ['RCPT', '554 5.7.1 Relay access denied'],
    ['DATA', '451 4.3.0 later'],
    ['.', '554 5.7.1 No DKIM signature found'],
  ])('is answered with what the mail server says to %s: %s', async (command, reply) => {
    mail.replies.set(command, reply);
    expect(await post('X: y\r\n\r\n')).toBe(`400 ${reply}`);
  });

  it.each([
    ['405', { method: 'PUT' }],
    ['405', { method: 'GET' }],
    ['400 501 5.5.4', { headers: { 'X-MAIL-TO': [] } }],
    ['400 501 5.5.4', { headers: { 'X-MAIL-FROM': ['a@b.example', 'c@d.example'] } }],
    ['400 501 5.1.3', { headers: { 'X-MAIL-TO': 'c@chat.example> SIZE=1' } }],
    ['400 501 5.1.3', { headers: { 'X-MAIL-TO': '' } }],
    ['400 501 5.1.3', { headers: { 'X-MAIL-FROM': 'a b@c.example' } }],
  ])('is refused with %s: %j', async (answer, parcel) => {
    expect(await post('', parcel)).toMatch(new RegExp(`^${answer}`));
    expect(mail.heard).toEqual([]);
  });

  it('is refused when it is too large, announced or not', async () => {
    const message = 'x'.repeat(100_001);
    const announced = { headers: { 'Content-Length': '100001' } };
    expect(await post(message, announced)).toBe('413 552 Message exceeds maximum size');
    expect(mail.heard).toEqual([]);
    expect(await post(message, { headers: { 'Transfer-Encoding': 'chunked' } })).toMatch(/^413|^cut/);
    await mail.ended;
    expect(mail.heard).not.toContain('.');
  });

  it('is not ended when it was cut off', async () => {
    const headers = { 'Content-Length': '1000' };
    await post('X: y\r\n\r\ntext\r\n', { headers, cutAt: 14 });
    await mail.ended;
    expect(mail.heard).not.toContain('.');
  });

  it('waits at its sender while the mail server is away', async () => {
    mail.port = 1;
    expect(await post('X: y\r\n\r\n')).toBe('503 451 4.3.0 Try again later');
  });
});
