import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { reply } from '../src/index.ts';
import { frame, strings } from '../src/testing/codec.ts';
import { TestMta } from '../src/testing/index.ts';
import { WireConnection } from '../src/testing/wire-connection.ts';
import { events, folder, gate, opened, path, prepareEachTest, seen } from './gate.ts';
import { postfixOffer } from './session-bench.ts';

prepareEachTest();

describe('a server that is stopped', () => {
  it('waits for the sessions that there are', async () => {
    const server = await gate({ on: {} }).listen({ path });
    const conversation = await new TestMta({ path }).open();
    const closed = server.close({ drainMs: 60_000 });
    await expect(new TestMta({ path }).open()).rejects.toMatchObject({ code: 'ENOENT' });
    expect((await conversation.endOfMessage()).verdict.kind).toBe('continue');
    await conversation.quit();
    await closed;
    expect(server.connections).toBe(0);
  });

  it('answers with a temporary failure what is owed at the deadline, and closes', async () => {
    let reached: () => void = () => {};
    const atEnd = new Promise<void>((resolve) => (reached = resolve));
    const server = await gate({
      on: {
        endOfMessage: () => {
          reached();
          return new Promise<undefined>(() => {});
        },
      },
    }).listen({ path });
    const conversation = await new TestMta({ path }).open();
    const answer = conversation.endOfMessage();
    await atEnd;
    await server.close({ drainMs: 1 });
    expect((await answer).verdict.kind).toBe('tempfail');
  });

  it('cuts a session that owes nothing, and can be stopped again', async () => {
    const server = await gate({ on: {} }).listen({ path });
    const conversation = await new TestMta({ path }).open();
    await Promise.all([server.close({ drainMs: 60_000 }), server.close({ drainMs: 0 })]);
    expect(await conversation.wire.receiveToEnd()).toHaveLength(0);
    await server.close();
  });

  it('leaves nothing behind that keeps the process alive', async () => {
    const program = join(folder, 'program.mjs');
    const sources = [
      join(import.meta.dirname, '../src/index.ts'),
      join(import.meta.dirname, '../src/testing/index.ts'),
    ];
    await writeFile(
      program,
      `import { createMilter } from ${JSON.stringify(sources[0])};
       import { TestMta } from ${JSON.stringify(sources[1])};
       const server = await createMilter({ name: 'x', on: { rcpt: async () => {} } }).listen({ path: ${JSON.stringify(path)} });
       await new TestMta({ path: ${JSON.stringify(path)} }).deliver();
       await server.close();
       console.log(JSON.stringify(process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap' && name !== 'TTYWrap')));`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [program]);
    expect(JSON.parse(stdout)).toEqual([]);
  });
});

describe('a stranger on the socket', () => {
  const knock = async (bytes: string): Promise<void> => {
    const socket = connect(path);
    socket.on('error', () => {});
    socket.resume();
    if (bytes === '') socket.end();
    else socket.write(Buffer.from(bytes, 'latin1'));
    await once(socket, 'close');
  };

  it.each([
    ['a health check', '', 'a health check'],
    ['HTTP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'HTTP'],
    ['TLS', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', 'TLS'],
    ['a frame of nothing', '\0\0\0\0', 'something else'],
    ['an offer of 4 octets', '\0\0\0\x05O\0\0\0\x06', 'something else'],
    ['a MAIL before the offer', '\0\0\0\x06M<a>\0\0', 'something else'],
  ])('%s is one quiet event', async (_, bytes, looksLike) => {
    const server = await gate({ on: {} }).listen({ path });
    await knock(bytes);
    await server.close();
    expect(events).toEqual([{ kind: 'connection.stranger', connection: 1, looksLike }]);
  });
});

describe('a connection', () => {
  it('of which there are too many is closed at once', async () => {
    opened(await gate({ limits: { connections: 1 }, on: {} }).listen({ path }));
    const first = await new TestMta({ path }).open();
    await expect(new TestMta({ path }).open()).rejects.toMatchObject({ name: 'FilterGoneError' });
    expect(events.at(-1)).toEqual({ kind: 'connection.dropped', limit: 1 });
    await first.quit();
  });

  it.each([
    ['that never negotiates', [], { handshakeTimeoutMs: 20 }, /handshakeTimeoutMs, 20 ms/],
    ['that is silent too long', [postfixOffer], { idleTimeoutMs: 20 }, /idleTimeoutMs, 20 ms/],
  ])('%s is closed', async (_, frames, limits, reason) => {
    const server = opened(await gate({ limits, on: {} }).listen({ path }));
    const wire = await WireConnection.open({ path }, 5000);
    for (const bytes of frames) wire.send(bytes);
    await wire.receiveToEnd();
    expect(events.find((event) => event.kind === 'connection.failed')).toMatchObject({
      reason: expect.stringMatching(reason),
    });
    expect(server.connections).toBeLessThanOrEqual(1);
  });

  it('that sends and never reads is held up, then closed', async () => {
    opened(
      await gate({
        limits: { writeTimeoutMs: 50 },
        on: { rcpt: () => reply(550, '5.7.1', 'x'.repeat(900)) },
      }).listen({ path }),
    );
    const wire = await WireConnection.open({ path }, 20_000);
    wire.pause();
    wire.send(postfixOffer, ...Array.from({ length: 5000 }, () => frame('R', strings('<c@d>'))));
    await seen('connection.closed');
    expect(events.find((event) => event.kind === 'connection.failed')).toMatchObject({
      reason: 'the peer did not read our answers for 50 ms',
    });
    wire.destroy();
  });

  it('whose client is reset in the middle is not an error of ours', async () => {
    const server = await gate({ on: { rcpt: () => {} } }).listen({ path });
    const conversation = await new TestMta({ path }).open();
    await conversation.rcpt('<c@d>');
    conversation.wire.destroy();
    await server.close();
    expect(events.map((event) => event.kind)).toEqual([
      'connection.negotiated',
      'verdict',
      'message.aborted',
      'connection.closed',
    ]);
  });

  it('that gives up while a handler works has its signal aborted, wherever it gives up', async () => {
    for (const farewell of [frame('A'), frame('Q'), 'end'] as const) {
      let heard: (signal: AbortSignal) => void = () => {};
      const signalled = new Promise<AbortSignal>((resolve) => (heard = resolve));
      const server = await gate({
        on: {
          mail: (_, { signal }) => {
            heard(signal);
            return new Promise<undefined>(() => {});
          },
        },
      }).listen({ path });
      const wire = await WireConnection.open({ path }, 5000);
      wire.send(postfixOffer, frame('M', strings('<a@b>')));
      const signal = await signalled;
      if (farewell === 'end') void wire.end();
      else wire.send(farewell);
      if (!signal.aborted) await once(signal, 'abort');
      wire.destroy();
      await server.close();
      expect(signal.aborted).toBe(true);
    }
  });

  it('whose frames come all at once is worked off in order', async () => {
    const order: string[] = [];
    const server = await gate({
      on: {
        mail: {
          observe: async ({ from }) => {
            await new Promise(setImmediate);
            order.push(from);
          },
        },
        rcpt: { observe: ({ to }) => void order.push(to) },
      },
    }).listen({ path });
    const wire = await WireConnection.open({ path }, 5000);
    const message = [frame('M', strings('<a@b>')), frame('R', strings('<c@d>')), frame('E')];
    wire.send(postfixOffer, ...message, ...message);
    for (const expected of ['O', 'c', 'c']) expect((await wire.receive()).toString('latin1', 0, 1)).toBe(expected);
    await wire.end();
    await server.close();
    expect(order).toEqual(['a@b', 'c@d', 'a@b', 'c@d']);
  });

  it('holds its sender up while a body is not taken', async () => {
    let reached: () => void = () => {};
    const atWork = new Promise<void>((resolve) => (reached = resolve));
    const server = await gate({
      on: {
        body: {
          mode: 'stream',
          handler: async (chunks) => {
            for await (const _ of chunks) {
              reached();
              await new Promise<void>(() => {});
            }
          },
        },
      },
    }).listen({ path });
    const socket = connect(path);
    socket.on('error', () => {});
    socket.write(postfixOffer);
    for (let count = 0; count < 400; count += 1) socket.write(frame('B', Buffer.alloc(65_535)));
    await atWork;
    for (let turn = 0; turn < 1000; turn += 1) await new Promise(setImmediate);
    expect(socket.writableLength).toBeGreaterThan(20_000_000);
    socket.destroy();
    await server.close({ drainMs: 0 });
  });
});
