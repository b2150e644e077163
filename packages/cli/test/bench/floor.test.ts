import { getRPCServerPath } from '@deltachat/stdio-rpc-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChatCore } from '../../src/bench/chat-core.ts';
import { type FloorRelay, startFloor } from '../../src/bench/floor/server.ts';
import { type BenchRelay, rowNames } from '../../src/bench/measurements.ts';
import { runBench } from '../../src/bench/run.ts';

describe('the relay in memory', () => {
  let floor: FloorRelay;
  let relay: BenchRelay;
  beforeAll(async () => {
    floor = await startFloor('_floor.test', '127.0.0.1', 0);
    relay = benchRelay(floor);
  });
  afterAll(() => floor[Symbol.asyncDispose]());

  it('lets two real clients meet and talk', async () => {
    await using core = await ChatCore.start(getRPCServerPath());
    const [alice, bob] = [await core.join(relay.newCode()), await core.join(relay.newCode())];
    const chat = await alice.meet(bob);
    const arrived = bob.waitFor('IncomingMsg');
    await alice.send(chat, '.a line that starts with a dot\n.\nand more');
    const { text } = await core.rpc.getMessage(bob.id, (await arrived).msgId);
    expect(text).toBe('.a line that starts with a dot\n.\nand more');
  });

  it('is what every row can be measured on', async () => {
    const progress: string[] = [];
    const rows = await runBench({
      relays: [relay, relay],
      floor: relay,
      rounds: 1,
      core: getRPCServerPath(),
      onProgress: (done, all) => progress.push(`${done}/${all}`),
    });
    expect(rows.map(({ name }) => name)).toEqual(rowNames);
    expect(
      rows.every(({ measured, floor: of }) => measured.median > 0 && of !== undefined && of.n === measured.n),
    ).toBe(true);
    expect(progress).toEqual(['1/1']);
  });
});

/** The name of the floor leads nowhere here, so the clients are told its address. */
function benchRelay({ domain, address, ports }: FloorRelay): BenchRelay {
  let accounts = 0;
  return {
    domain,
    newCode: () =>
      `dclogin:user${(accounts += 1)}@${domain}?v=1&p=long-enough&ih=${address}&ip=${ports.imap}&is=ssl&sh=${address}&sp=${ports.submission}&ss=ssl&ic=3`,
    imap: { host: address, port: ports.imap },
    submission: { host: address, port: ports.submission },
  };
}
