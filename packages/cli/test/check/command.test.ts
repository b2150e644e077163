import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseServer } from '../../src/check/smtp.ts';
import { type Outcome, postern } from '../postern.ts';

const corpus = join(import.meta.dirname, '../../../encryption-check/corpus');

const check = (words: readonly string[], input?: Uint8Array): Promise<Outcome> => postern(['check', ...words], input);

describe('postern check', { timeout: 60_000 }, () => {
  it('ends with 0 for an encrypted message, also from standard input and with the line ends of a mailbox', async () => {
    const raw = readFileSync(join(corpus, 'genuine/delta-chat/text.eml'), 'latin1');
    const { stdout, code } = await check([], Buffer.from(raw.replaceAll('\r\n', '\n'), 'latin1'));
    expect(stdout).toMatch(/^-: encrypted \(2 PKESK v6, SEIPD v2, \d+ bytes of packets\)\n$/);
    expect(code).toBe(0);
  });

  it('ends with 1 for cleartext, and shows where it is', async () => {
    const { stdout, code } = await check(['--explain', join(corpus, 'tricks/multipart/epilogue-text.eml')]);
    expect(stdout).toContain('not encrypted: There is text after the last part. (epilogue, byte 1718)');
    expect(stdout).toContain('sym encrypted integrity protected data (tag 18, version 2)');
    expect(stdout).toContain('  > 44 | Meet me at noon.\n       | ^\n');
    expect(code).toBe(1);
  });

  it('ends with 2 when there is nothing to read, and prints JSON when asked', async () => {
    const { stdout, stderr, code } = await check(['--json', join(corpus, 'nowhere.eml')]);
    expect(JSON.parse(stdout)).toEqual([]);
    expect(stderr).toContain('nowhere.eml');
    expect(code).toBe(2);
  });

  it('ends with 2 and no stack when the words are wrong', async () => {
    const { stderr, code } = await check(['--corpus', '--smtp', 'relay.test', '--user', 'a@b.test', '--password', 'c']);
    expect(stderr).toContain('postern: --smtp must be HOST:PORT');
    expect(stderr).not.toContain('    at ');
    expect(code).toBe(2);
  });

  it('never sends the control characters of a message to the terminal', async () => {
    const raw = Buffer.from('From: <a@b.test>\r\nX-Note: \x1b[31m\r\n\r\n\x1b]0;noon\x07\r\n');
    expect((await check(['--explain'], raw)).stdout).not.toMatch(/[\x07\x1b]/);
  });
});

describe('postern check --corpus', { timeout: 60_000 }, () => {
  const relay = createServer((socket) => {
    let isData = false;
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      const said = chunk.toString('latin1');
      if (isData && !said.endsWith('\r\n.\r\n')) return;
      socket.write(
        isData
          ? '250 taken\r\n'
          : said.startsWith('DATA')
            ? '354 go on\r\n'
            : said.startsWith('AUTH')
              ? '235 in\r\n'
              : '250 ok\r\n',
      );
      isData = !isData && said.startsWith('DATA');
    });
    socket.write('220 takes everything\r\n');
  });
  let port = 0;

  beforeAll(async () => {
    await once(relay.listen(0, '127.0.0.1'), 'listening');
    const address = relay.address();
    if (address !== null && typeof address === 'object') port = address.port;
  });
  afterAll(() => relay.close());

  it('ends with 1 and names every trick that a relay lets through', async () => {
    const { stdout, code } = await check(
      `--corpus --smtp 127.0.0.1:${port} --user a@b.test --password noon`.split(' '),
    );
    expect(stdout).toContain('LET THROUGH tricks/multipart/epilogue-text.eml');
    expect(stdout).toMatch(/\d+ of \d+ cleartext messages let through .*, 0 of \d+ genuine messages refused/);
    expect(code).toBe(1);
  });

  it('ends with 2 where no relay answers', async () => {
    const { code, stderr } = await check('--corpus --smtp 127.0.0.1:1 --user a@b.test --password noon'.split(' '));
    expect(stderr).toContain('127.0.0.1:1');
    expect(code).toBe(2);
  });

  it.each([
    ['relay.test:465', { host: 'relay.test', port: 465 }],
    ['[::1]:25', { host: '::1', port: 25 }],
    ['relay.test', undefined],
    ['relay.test:99999', undefined],
  ])('understands the server %s', (words, server) => {
    expect(parseServer(words)).toEqual(server);
  });
});
