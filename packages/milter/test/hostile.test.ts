import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accept, createMilter, type MilterEvent, type MilterServer } from '../src/index.ts';
import { frame, strings, uint32 } from '../src/testing/codec.ts';
import { TestMta } from '../src/testing/index.ts';
import { WireConnection } from '../src/testing/wire-connection.ts';
import { negotiated, postfixOffer } from './session-bench.ts';

let folder = '';
let path = '';
let server: MilterServer;
const events: MilterEvent[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'milter-'));
  path = join(folder, 'filter.sock');
  server = await createMilter({
    name: 'gate',
    onEvent: (event) => events.push(event),
    on: {
      connect: () => {},
      helo: () => {},
      mail: () => {},
      rcpt: () => {},
      header: () => {},
      body: () => {},
      endOfMessage: () => accept,
    },
  }).listen({ path });
});
afterAll(async () => {
  await server.close({ drainMs: 0 });
  await rm(folder, { recursive: true, force: true });
});

describe('a peer that means harm', () => {
  const manyMacros = strings(...Array.from({ length: 5000 }, (_, index) => `{m${index}}`));
  it.each<readonly [string, readonly Buffer[]]>([
    ['sends a frame of length 0', [Buffer.alloc(4)]],
    ['announces 4 GiB', [Buffer.from('ffffffff', 'hex')]],
    ['announces one byte too many', [Buffer.from('00010002', 'hex')]],
    ['offers twice', [postfixOffer]],
    ['connects from an unknown family', [frame('C', Buffer.concat([strings('x'), Buffer.from('Z\0\x19x\0')]))]],
    ['connects without a NUL', [frame('C', 'x')]],
    ['says HELO without a NUL', [frame('H', 'x')]],
    ['sends MAIL without anything', [frame('M')]],
    ['sends a header without a value', [frame('L', strings('X'))]],
    ['sends an unknown command 0x00', [frame('\0')]],
    ['sends an unknown command 0xff', [frame('\xff')]],
  ])('%s, and is cut off with one event, while others go on', async (_, frames) => {
    events.length = 0;
    const wire = await WireConnection.open({ path }, 5000);
    wire.send(postfixOffer, ...frames);
    await wire.receiveToEnd();
    expect(events.filter((event) => event.kind === 'connection.refused')).toHaveLength(1);
    expect((await new TestMta({ path }).deliver()).outcome).toBe('accepted');
  });

  it.each<readonly [string, readonly Buffer[], string]>([
    ['64 KiB of empty macro lists', Array.from({ length: 13_000 }, () => frame('D')), 'a'],
    ['5,000 macros', [frame('D', Buffer.concat([Buffer.from('C'), manyMacros]))], 'a'],
    ['macros for commands that there are not', [frame('D', Buffer.concat([Buffer.from('?'), strings('i', 'x')]))], 'a'],
    ['strings with more NULs', [frame('H', strings('x', '', ''))], 'ca'],
    ['the null sender without brackets', [frame('M', strings(''))], 'ca'],
    ['a body chunk before MAIL', [frame('B', 'x'), frame('M', strings('<a@b>'))], 'cca'],
    ['a recipient after the end', [frame('E'), frame('R', strings('<a@b>'))], 'aca'],
    ['the last 65,535 bytes with the end', [frame('E', Buffer.alloc(65_535))], 'aa'],
    [
      'ABORT, macros and two messages in one piece',
      [frame('A'), frame('D', 'M'), frame('M', strings('<a@b>')), frame('M', strings('<b@c>'))],
      'cca',
    ],
  ])('sends %s and is answered', async (_, frames, answers) => {
    const wire = await WireConnection.open({ path }, 5000);
    wire.send(postfixOffer, ...frames, frame('E'), frame('Q'));
    const received = await wire.receiveToEnd();
    const tail = received.subarray(4 + received.readUInt32BE());
    expect(tail.toString('latin1')).toBe(answers.replaceAll(/./g, '\0\0\0\x01$&'));
  });

  it('is gone in the middle of any frame, and nothing is left of it', async () => {
    const whole = Buffer.concat([postfixOffer, frame('M', strings('<a@b>')), frame('R', strings('<c@d>')), frame('E')]);
    for (let cut = 1; cut <= whole.length; cut += 1) {
      const wire = await WireConnection.open({ path }, 5000);
      wire.send(whole.subarray(0, cut));
      await wire.end();
    }
    expect((await new TestMta({ path }).deliver()).outcome).toBe('accepted');
    expect(server.connections).toBeLessThanOrEqual(1);
  });

  it('sends 10,000 headers and 50,000 recipients, of which the limits let through what they say', async () => {
    const bench = await negotiated({
      on: { rcpt: () => {}, header: { observe: () => {} }, endOfMessage: () => accept },
    });
    const rcpt = frame('R', strings('<c@d>'));
    await bench.write(Buffer.concat(Array.from({ length: 50_000 }, () => rcpt)));
    const answers = bench.take().toString('latin1');
    expect([answers.split('c').length - 1, answers.split('t').length - 1]).toEqual([10_000, 40_000]);
    await bench.write(Buffer.concat(Array.from({ length: 10_000 }, () => frame('L', strings('X', 'y')))), frame('E'));
    expect(bench.takeText()).toEqual(['t']);
  });

  it('streams a gigabyte, for which there is no memory taken', async () => {
    let bytes = 0;
    const bench = await negotiated({
      on: { body: { observe: (chunk) => void (bytes += chunk.length) }, endOfMessage: () => accept },
    });
    const chunk = frame('B', Buffer.alloc(65_535));
    const before = process.memoryUsage();
    for (let count = 0; count < 16_384; count += 1) await bench.write(chunk);
    await bench.write(frame('E'));
    const after = process.memoryUsage();
    expect(bytes).toBe(16_384 * 65_535);
    expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(100 * 2 ** 20);
    expect(bench.takeText()).toEqual(['a']);
  }, 30_000);

  it('offers what nobody understands', async () => {
    const wire = await WireConnection.open({ path }, 5000);
    wire.send(frame('O', uint32(2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1)));
    expect((await wire.receive()).readUInt32BE(1)).toBe(6);
    wire.destroy();
  });

  it.each([
    ['over sockets', ['--runs', '400'], 400],
    ['in memory', ['--runs', '1000', '--in-memory'], 1000],
  ])('says whatever comes to its mind %s, in a process that outlives it', async (_, options, conversations) => {
    const fuzzer = join(import.meta.dirname, '../fuzz/run.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--conditions=@postern/source',
      fuzzer,
      ...options,
    ]);
    expect(stdout).toMatch(new RegExp(`^milter: ${conversations} conversations, .*: no breach\\n$`));
  });
});
