import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChatClient } from '../../src/chat-client.ts';
import { startRelay, type TestRelay } from '../../src/relay.ts';
import { startNetwork, type TestNetwork } from '../../src/test-network.ts';

describe('what the real client makes of METADATA', () => {
  let turn: Socket;
  let network: TestNetwork;
  let relay: TestRelay;
  let client: ChatClient;

  beforeAll(async () => {
    turn = createSocket('udp4');
    turn.on('message', (request: Buffer, peer) => turn.send(request.fill(1, 0, 2), peer.port, peer.address));
    turn.bind(0);
    await once(turn, 'listening');
    network = await startNetwork(['_client.test']);
    await network.addHost('turn.test', await gatewayOf(network));
    relay = await startRelay({
      domain: '_client.test',
      network,
      config: `operator.contact = "op@chat.example"
        calls = { turn_host = "turn.test", turn_port = ${turn.address().port}, turn_secret = "known to two servers" }`,
    });
    client = await ChatClient.start(network);
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await relay[Symbol.asyncDispose]();
    await network[Symbol.asyncDispose]();
    turn.close();
  });

  it('is the way to the operator, and a TURN server for calls', async () => {
    const account = await client.join('DCACCOUNT:_client.test');
    const info = await account.rpc.getInfo(account.id);
    expect(JSON.stringify(info)).toContain('mailto:op@chat.example');
    const servers: unknown = JSON.parse(await account.rpc.iceServers(account.id));
    expect(servers).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          urls: expect.arrayContaining([`turn:${await gatewayOf(network)}:${turn.address().port}`]),
          username: expect.stringMatching(/^\d{10}$/),
          credential: expect.stringMatching(/^[\w+/]{27}=$/),
        }),
      ]),
    );
    expect(await relay.log()).not.toMatch(/ (Error|Warning): /);
  });
});

/** Where the test itself is, seen from a container. */
async function gatewayOf({ name }: TestNetwork): Promise<string> {
  const { stdout } = await execa('docker', [
    'network',
    'inspect',
    '--format',
    '{{(index .IPAM.Config 0).Gateway}}',
    name,
  ]);
  return stdout.trim();
}
