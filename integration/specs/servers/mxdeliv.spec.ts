import { createHash } from 'node:crypto';
import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { login } from '../../src/conversation.ts';
import { cleartextMessage } from '../../src/messages.ts';
import { OtherDomain } from '../../src/other-domain.ts';
import { type TestRelay, startRelay } from '../../src/relay.ts';
import { startNetwork, type TestNetwork } from '../../src/test-network.ts';

const domain = '_https.test';
const alice = `alice0001@${domain}`;
const bob = `bob000001@${domain}`;
const friend = 'friend@other.test';

let network: TestNetwork;
let relay: TestRelay;
let other: OtherDomain;

beforeAll(async () => {
  network = await startNetwork([domain]);
  relay = await startRelay({ domain, network });
  for (const address of [alice, bob])
    await (await login(relay.at(465), address, 'some-password'))[Symbol.asyncDispose]();
  other = new OtherDomain('other.test', network);
  await other.newKey();
});

afterAll(async () => {
  await relay[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

type Parcel = { method?: string; from?: string; to?: string | string[]; cutAt?: number; announce?: number };

/** @returns status and text of the answer, or what became of the connection. */
function post(
  message: Buffer,
  { method = 'POST', from = friend, to = alice, cutAt, announce }: Parcel = {},
): Promise<string> {
  return new Promise((resolve) => {
    const sent = request(
      {
        ...relay.at(443),
        path: '/mxdeliv',
        method,
        rejectUnauthorized: false,
        headers: {
          ...(from !== '' && { 'X-MAIL-FROM': from }),
          'X-MAIL-TO': to,
          'Content-Length': announce ?? message.length,
        },
      },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve(`${response.statusCode} ${text.trim()}`));
      },
    );
    sent.on('error', (error) => resolve(error.message));
    if (cutAt === undefined) sent.end(message);
    else sent.write(message.subarray(0, cutAt), () => sent.destroy());
  });
}

describe('mail over HTTPS', () => {
  const plain = cleartextMessage({ from: friend, to: alice });

  it('is taken by the rules of port 25: when it is signed', async () => {
    expect(await post(await other.sign(plain))).toBe('200 250 OK');
    expect(await relay.inbox(alice)).toContain('Subject: hello');
    expect(await post(await other.sign(plain), { from: '', to: [alice, bob] })).toBe('200 250 OK');
    expect(await post(Buffer.from(plain))).toBe('400 554 5.7.1 No DKIM signature found');
    const changed = Buffer.from((await other.sign(plain)).toString().replace('readable', 'Readable'));
    expect(await post(changed)).toBe('400 554 5.7.1 No valid DKIM signature found');
  });

  it('is for this relay only', async () => {
    expect(await post(await other.sign(plain), { to: 'somebody@elsewhere.test' })).toMatch(
      /^400 554 5\.7\.1 .*Relay access denied/,
    );
  });

  it.each([
    ['no recipient', { to: [] }, /^400 501 5\.5\.4/],
    ['a path that would end early', { to: `${alice}> SIZE=1` }, /^400 501 5\.1\.3/],
    ['a sender that is two', { from: 'a@b.test> <c@d.test' }, /^400 501 5\.1\.3/],
    ['another method', { method: 'PUT' }, /^405 /],
    ['more than is taken, announced', { announce: 31_457_281 }, /^413 552 Message exceeds maximum size/],
  ])('is not taken with %s', async (_, parcel, answer) => {
    expect(await post(Buffer.from(plain), parcel)).toMatch(answer);
  });

  it('is not taken when it is cut off', async () => {
    const signed = await other.sign(plain.replace('hello', 'cut off'));
    await post(signed, { to: bob, cutAt: signed.length - 1 });
    await post(signed, { to: bob, cutAt: signed.length, announce: signed.length + 1 });
    expect(await post(await other.sign(plain.replace('hello', 'whole')), { to: bob })).toBe('200 250 OK');
    await expect.poll(() => relay.everythingStored()).toContain('Subject: whole');
    expect(await relay.everythingStored()).not.toContain('cut off');
  });

  it.each([
    ['dots', Buffer.from('.\r\n..\r\n.x\r\n\r\n.\r\nend')],
    ['30 MB', Buffer.alloc(78 * 384_600, `${'0123456789'.repeat(7)}abcdef\r\n`)],
  ])('arrives as it was sent: %s', async (name, body) => {
    const user = name === 'dots' ? `dots00001@${domain}` : `large0001@${domain}`;
    await (await login(relay.at(465), user, 'some-password'))[Symbol.asyncDispose]();
    const header = `From: <${friend}>\r\nTo: <${user}>\r\nSubject: as it was\r\n\r\n`;
    const message = await other.sign(Buffer.concat([Buffer.from(header), body]));
    expect(await post(message, { to: user })).toBe('200 250 OK');
    const folder = `/var/lib/postern/mail/${user}/Maildir/new`;
    await relay.eventually(`[ -n "$(ls ${folder})" ]`);
    const stored = await relay.run(`cat ${folder}/* | tr -d '\\r' | sed '1,/^$/d' | sha256sum`);
    const lines = body.toString('latin1').replaceAll('\r\n', '\n').replace(/\n?$/, '\n');
    expect(stored.split(' ')[0]).toBe(createHash('sha256').update(lines, 'latin1').digest('hex'));
  });

  it('waits at its sender while the mail server is away', async () => {
    await relay.run(`pkill -STOP -f '[m]ain.js supervise' && postfix stop`); // or it would start again at once
    expect(await post(await other.sign(plain))).toMatch(/^503 451 4\.3\.0/);
  });
});
