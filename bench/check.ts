import { simpleParser } from 'mailparser';
import * as openpgp from 'openpgp';
import { createMessageStream } from '@postern/encryption-check';
import { encryptedMessage } from '../packages/encryption-check/scripts/message.ts';
import { usualPackets } from '../packages/encryption-check/scripts/packets.ts';
import { median, report, row } from './harness.ts';
import type { BenchRow } from './harness.ts';

/** What Postfix hands to a milter at a time. */
const chunkBytes = 65_535;
const rounds = 5;

interface Size {
  readonly name: string;
  readonly packetBytes: number;
  /** Messages per measurement, so that one takes a good part of a second. */
  readonly count: number;
  /** The same for the baseline, which is slow. */
  readonly baselineCount: number;
}

const sizes: readonly Size[] = [
  { name: '3 KB', packetBytes: 1_500, count: 20_000, baselineCount: 200 },
  { name: '575 KB', packetBytes: 418_000, count: 100, baselineCount: 1 },
  { name: '30 MB', packetBytes: 21_800_000, count: 4, baselineCount: 1 },
];

const rows: BenchRow[] = [];
for (const size of sizes) rows.push(...(await measureSize(size)));
rows.push(...(await measureMemory()));
await report('check', rows);

async function measureSize({ name, packetBytes, count, baselineCount }: Size): Promise<BenchRow[]> {
  const raw = encryptedMessage({ packets: usualPackets(packetBytes) });
  const begin = raw.indexOf('\r\n\r\n', raw.indexOf('-----BEGIN')) + 4;
  const base64 = raw.toString('latin1', begin, raw.lastIndexOf('\r\n='));
  const subjects = {
    check: (): void => check(raw, count),
    parsers: (): Promise<void> => parseInstead(raw, baselineCount),
    decoding: (): void => repeat(count, () => Buffer.from(base64, 'base64')),
    reading: (): void => repeat(count, () => readOnce(raw)),
  };
  const secondsPerMessage = await interleaved({
    check: [subjects.check, count],
    parsers: [subjects.parsers, baselineCount],
    decoding: [subjects.decoding, count],
    reading: [subjects.reading, count],
  });
  const megabytes = raw.length / 1e6;
  const checked = 1 / secondsPerMessage('check');
  const rate = { value: checked * megabytes, unit: 'MB/s' };
  const isLarge = packetBytes > 10_000_000;
  return [
    row({
      name: `${name}: messages`,
      value: checked,
      unit: 'messages/s',
      ...(packetBytes < 10_000 && { target: { kind: 'at least', limit: 20_000, of: 'value' } }),
    }),
    row({
      name: `${name}: against mailparser and OpenPGP.js`,
      ...rate,
      baseline: megabytes / secondsPerMessage('parsers'),
      target: { kind: 'at least', limit: 20, of: 'ratio' },
    }),
    row({
      name: `${name}: against base64 decoding alone`,
      ...rate,
      baseline: megabytes / secondsPerMessage('decoding'),
      ...(isLarge && { target: { kind: 'at least', limit: 0.5, of: 'ratio' } }),
    }),
    row({
      name: `${name}: against reading every byte once`,
      ...rate,
      baseline: megabytes / secondsPerMessage('reading'),
    }),
  ];
}

/**
 * Runs the subjects in turn, several times over, and gives the median seconds per message of each. Collects no garbage by
 * force in between: that would also throw away the optimised code, which a server that runs on keeps.
 */
async function interleaved<Name extends string>(
  subjects: Readonly<Record<Name, readonly [run: () => void | Promise<void>, messages: number]>>,
): Promise<(name: Name) => number> {
  const seconds = new Map<string, number[]>();
  for (let round = -1; round < rounds; round += 1) {
    for (const [name, [run, messages]] of Object.entries<readonly [() => void | Promise<void>, number]>(subjects)) {
      const start = performance.now();
      await run();
      const taken = (performance.now() - start) / 1000 / messages;
      if (round >= 0) seconds.set(name, [...(seconds.get(name) ?? []), taken]); // the first round warms up
    }
  }
  return (name) => median(seconds.get(name) ?? []);
}

function check(raw: Buffer, count: number): void {
  repeat(count, () => {
    const stream = createMessageStream({ direction: 'outgoing' });
    for (let at = 0; at < raw.length; at += chunkBytes) stream.write(raw.subarray(at, at + chunkBytes));
    const finding = stream.end();
    if (finding.kind !== 'encrypted') throw new Error(JSON.stringify(finding));
  });
}

/** The same decision by parsing: two parts, and nothing in the second but session keys and encrypted data. */
async function parseInstead(raw: Buffer, count: number): Promise<void> {
  for (let message = 0; message < count; message += 1) {
    const { attachments } = await simpleParser(raw);
    const armoredMessage = attachments[1]?.content.toString('latin1') ?? '';
    const { packets } = await openpgp.readMessage({ armoredMessage });
    if (attachments.length !== 2 || packets.length !== 3) throw new Error('not read as encrypted');
  }
}

function readOnce(raw: Buffer): number {
  let sum = 0;
  for (const byte of raw) sum = (sum + byte) | 0;
  return sum;
}

function repeat(count: number, act: () => unknown): void {
  for (let message = 0; message < count; message += 1) act();
}

/** How much memory a check holds at its end, beside its message, by the message's size. */
async function measureMemory(): Promise<BenchRow[]> {
  return sizes.map(({ name, packetBytes }) => {
    const raw = encryptedMessage({ packets: usualPackets(packetBytes) });
    const used = (): number => {
      globalThis.gc?.();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const streams = Array.from({ length: 200 }, () => createMessageStream({ direction: 'outgoing' }));
    const before = used();
    let peak = 0;
    for (let at = 0; at < raw.length; at += chunkBytes * 40) {
      const chunk = raw.subarray(at, at + chunkBytes * 40);
      for (const stream of streams) stream.write(chunk);
      peak = Math.max(peak, used());
    }
    const held = Math.max(0, peak - before) / streams.length / 1024;
    return row({
      name: `${name}: memory of one check`,
      value: held,
      unit: 'KB',
      target: { kind: 'at most', limit: 16, of: 'value' },
    });
  });
}
