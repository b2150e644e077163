/*
 * npm run fuzz -- check --runs 1000000 [--seed N]
 *
 * Mutates messages and asks the check. It must not throw, must say the same however the bytes are cut, and incoming mail
 * must never be judged harder than outgoing. Whatever it calls encrypted goes to three independent judges.
 */
import { parseArgs } from 'node:util';
import { checkMessage, createMessageStream } from '../src/index.ts';
import type { Direction, Finding } from '../src/index.ts';
import { Judges } from './judges.ts';
import { mutated } from './mutate.ts';
import { ordinaryMessages } from './ordinary.ts';
import { Random } from './random.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '100000' }, seed: { type: 'string' } } });
const runs = Number(values.runs);
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
const random = new Random(seed);
const ordinary = ordinaryMessages();
const known = new Set(ordinary.map((raw) => raw.toString('latin1')));
const counts = new Map<string, number>();
let judged = 0;
let failures = 0;

process.stdout.write(`seed ${seed}, ${runs} runs\n`);
{
  using judges = new Judges();
  for (let run = 0; run < runs; run += 1) {
    const raw = mutated(random, ordinary);
    const direction: Direction = random.isOneIn(2) ? 'outgoing' : 'incoming';
    const finding = checkMessage(raw, { direction });
    const name = finding.kind === 'cleartext' ? finding.reason : finding.kind;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if (random.isOneIn(8)) compare('cut', raw, finding, cutAnywhere(raw, direction));
    if (finding.kind === 'encrypted' && !known.has(raw.toString('latin1'))) {
      if (direction === 'outgoing') compare('incoming', raw, finding, checkMessage(raw, { direction: 'incoming' }));
      judged += 1;
      for (const objection of await judges.objections(raw)) fail(objection, raw);
    }
  }
}
for (const [name, count] of [...counts].toSorted(([, a], [, b]) => b - a))
  process.stdout.write(`${String(count).padStart(10)} ${name}\n`);
process.stdout.write(`${runs} runs, ${judged} judged, ${failures} failures\n`);
process.exitCode = failures === 0 ? 0 : 1;

function cutAnywhere(raw: Buffer, direction: Direction): Finding {
  const stream = createMessageStream({ direction });
  for (let at = 0; at < raw.length;) {
    const end = at + 1 + random.below(random.pick([3, 70, 2000]));
    stream.write(raw.subarray(at, end));
    at = end;
  }
  return stream.end();
}

function compare(what: string, raw: Buffer, one: Finding, other: Finding): void {
  if (JSON.stringify(one) !== JSON.stringify(other))
    fail(`${what}: ${JSON.stringify(one)} or ${JSON.stringify(other)}`, raw);
}

function fail(objection: string, raw: Buffer): void {
  failures += 1;
  if (failures <= 20) process.stdout.write(`FAILED ${objection}\n${raw.toString('base64')}\n`);
}
