import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { getRPCServerPath } from '@deltachat/stdio-rpc-server';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChatAccount, ChatClient } from '../../src/chat-client.ts';
import { startRelay, type TestRelay } from '../../src/relay.ts';
import { startNetwork, type TestNetwork } from '../../src/test-network.ts';

describe('postern echobot', () => {
  let network: TestNetwork;
  let relay: TestRelay;
  let client: ChatClient;
  const bots: ChildProcess[] = [];

  beforeAll(async () => {
    network = await startNetwork(['_echo.test']);
    relay = await startRelay({ domain: '_echo.test', network });
    client = await ChatClient.start(network);
    await execa('docker', ['cp', getRPCServerPath(), `${relay.container.getId()}:/usr/local/bin/deltachat-rpc-server`]);
  });
  afterAll(async () => {
    for (const bot of bots) bot.kill();
    await client[Symbol.asyncDispose]();
    await relay[Symbol.asyncDispose]();
    await network[Symbol.asyncDispose]();
  });

  /** @returns the invite that the bot prints when it is online. */
  async function startBot(...options: string[]): Promise<string> {
    const id = relay.container.getId();
    const bot = spawn('docker', ['exec', id, 'postern', 'echobot', ...options], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    bots.push(bot);
    for await (const line of createInterface({ input: bot.stdout })) {
      if (line.startsWith('https://i.delta.chat/')) return line;
    }
    throw new Error('the bot ended without an invite');
  }

  async function killBot(): Promise<void> {
    await relay.run(
      `pkill -KILL -f '[m]ain.js echobot'; while pkill -KILL -x deltachat-rpc-s; do sleep 0.1; done; true`,
    );
  }

  /** Writes to the bot. @returns what it says. */
  async function ask(alice: ChatAccount, chat: number, text: string): Promise<string> {
    const answered = alice.waitFor('IncomingMsg');
    await alice.rpc.miscSendTextMessage(alice.id, chat, text);
    return (await alice.rpc.getMessage(alice.id, (await answered).msgId)).text;
  }

  it('answers whoever scans its code, at once, again when it was away, and later what is too much', async () => {
    const invite = await startBot();
    const alice = await client.join('DCACCOUNT:_echo.test', { bot: '0' });
    const met = alice.waitFor('SecurejoinJoinerProgress', (event) => event.progress === 1000);
    const chat = await alice.rpc.secureJoin(alice.id, invite);
    await met;
    expect(await ask(alice, chat, 'Is anybody there?')).toBe('Is anybody there?');
    await killBot();
    const answered = alice.waitFor('IncomingMsg');
    await alice.rpc.miscSendTextMessage(alice.id, chat, 'And now?');
    expect(await startBot('--per-minute', '2')).toContain('https://i.delta.chat/');
    const { msgId } = await answered;
    expect((await alice.rpc.getMessage(alice.id, msgId)).text).toBe('And now?');
    expect(await ask(alice, chat, 'And again?')).toBe('And again?');
    expect(await ask(alice, chat, 'A third in this minute?')).toBe('A third in this minute?');
  });

  it('leaves bots alone, which would answer for ever', async () => {
    await killBot();
    const invite = await startBot();
    const robot = await client.join('DCACCOUNT:_echo.test', { bot: '1' });
    const met = robot.waitFor('SecurejoinJoinerProgress', (event) => event.progress === 1000);
    const chat = await robot.rpc.secureJoin(robot.id, invite);
    await met;
    await robot.rpc.miscSendTextMessage(robot.id, chat, 'beep');
    const person = await client.join('DCACCOUNT:_echo.test', { bot: '0' });
    const joined = person.waitFor('SecurejoinJoinerProgress', (event) => event.progress === 1000);
    const toBot = await person.rpc.secureJoin(person.id, invite);
    await joined;
    // It works off what it gets in order, so by now it has seen the beep.
    expect(await ask(person, toBot, 'hello')).toBe('hello');
    const ids = await robot.rpc.getMessageIds(robot.id, chat, false, false);
    const messages = await Promise.all(ids.map((id) => robot.rpc.getMessage(robot.id, id)));
    expect(messages.filter(({ isInfo, text }) => !isInfo && text === 'beep')).toHaveLength(1);
  });
});
