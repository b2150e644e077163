import { createHmac } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { answersStun, isStunBindingSuccess, stunBindingRequest } from '../../src/metadata/stun.ts';
import { turnPassword, TurnServer } from '../../src/metadata/turn.ts';

const secret = 'a secret that two servers share';

function turnServer(probe: () => Promise<boolean>, clock = { now: 1_758_650_868_500 }): TurnServer {
  return new TurnServer({ host: 'turn.chat.example', port: 3478, secret, now: () => clock.now, probe });
}

describe('a place on a TURN server', () => {
  it('is named by host, port, the time until which it is good, and a password for that time', async () => {
    const until = 1_758_650_868 + 3 * 86_400;
    const password = createHmac('sha1', secret).update(String(until)).digest('base64');
    expect(await turnServer(async () => true).offer()).toBe(`turn.chat.example:3478:${until}:${password}`);
    expect(turnPassword(secret, String(until))).toBe(password);
  });

  it('is not offered while the server does not answer, and is when it does again', async () => {
    const clock = { now: 1_758_650_868_000 };
    let isUp = false;
    let probes = 0;
    const server = turnServer(async () => {
      probes += 1;
      return isUp;
    }, clock);
    expect(await server.offer()).toBeUndefined();
    isUp = true;
    expect(await server.offer()).toBeUndefined(); // nobody asks again so soon
    clock.now += 15_000;
    await expect.poll(() => server.offer()).toBeDefined();
    expect(probes).toBe(2);
    isUp = false;
    clock.now += 60_000;
    await expect.poll(() => server.offer()).toBeUndefined();
    expect(probes).toBe(3);
  });

  it('is not waited for when the question whether the server answers is itself not answered', async () => {
    const server = turnServer(() => new Promise<boolean>(() => {}));
    expect(await Promise.all([server.offer(), server.offer()])).toEqual([undefined, undefined]);
  });
});

describe('a STUN server', () => {
  const transaction = Buffer.from('0102030405060708090a0b0c', 'hex');

  it('is asked as RFC 8489 has it', () => {
    expect(stunBindingRequest(transaction).toString('hex')).toBe('000100002112a4420102030405060708090a0b0c');
    const answer = Buffer.from('010100002112a4420102030405060708090a0b0c', 'hex');
    expect(isStunBindingSuccess(answer, transaction)).toBe(true);
    for (let length = 0; length < answer.length; length += 1) {
      expect(isStunBindingSuccess(answer.subarray(0, length), transaction)).toBe(false);
    }
    expect(isStunBindingSuccess(answer, Buffer.alloc(12))).toBe(false);
  });

  const success = (request: Buffer): Buffer => Buffer.from(request.fill(1, 0, 2));
  it.each<[name: string, expected: boolean, answer: (request: Buffer) => readonly Buffer[]]>([
    ['that answers, is there', true, (request) => [success(request)]],
    [
      'after whom strangers talk, is there',
      true,
      (request) => [Buffer.from('hello'), Buffer.alloc(20), success(request)],
    ],
    ['that talks nonsense, is not', false, () => [Buffer.from('hello'), Buffer.alloc(1_000)]],
    ['that says nothing, is not', false, () => []],
    ['that answers somebody else, is not', false, (request) => [Buffer.from(request.fill(1))]],
  ])('%s', async (_name, expected, answer) => {
    const server = createSocket('udp4');
    server.on('message', (request: Buffer, peer: RemoteInfo) => {
      for (const datagram of answer(request)) server.send(datagram, peer.port, peer.address);
    });
    const port = await bound(server);
    expect(await answersStun({ host: '127.0.0.1', port }, expected ? 60_000 : 200)).toBe(expected);
    server.close();
  });

  it('that is not there, or has no address, is not', async () => {
    const server = createSocket('udp4');
    const port = await bound(server);
    server.close();
    await once(server, 'close');
    expect(await answersStun({ host: '127.0.0.1', port }, 500)).toBe(false);
    expect(await answersStun({ host: 'no-such-host.invalid', port }, 500)).toBe(false);
  });
});

async function bound(server: Socket): Promise<number> {
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}
