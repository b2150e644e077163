import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkMessage, createMessageStream } from '../src/index.ts';
import type { Direction, Finding } from '../src/index.ts';
import { manifest } from '../scripts/corpus/manifest.ts';
import { allTricks } from '../scripts/corpus/tricks/index.ts';

const corpus = join(import.meta.dirname, '../corpus');
const read = (file: string): Buffer => readFileSync(join(corpus, file));
const genuineFiles = readdirSync(join(corpus, 'genuine'), { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.eml'),
);
const entries = manifest(genuineFiles);

function found(finding: Finding): { kind: string; reason?: string } {
  return finding.kind === 'cleartext' ? { kind: finding.kind, reason: finding.reason } : { kind: finding.kind };
}

function pieces(raw: Buffer, direction: Direction, length: number): Finding {
  const stream = createMessageStream({ direction });
  for (let at = 0; at < raw.length; at += length) stream.write(raw.subarray(at, at + length));
  return stream.end();
}

describe('the corpus', () => {
  it('has at least 150 tricks and 60 genuine messages', () => {
    expect(entries.filter(({ isTrick }) => isTrick).length).toBeGreaterThanOrEqual(150);
    expect(entries.filter(({ isTrick }) => !isTrick).length).toBeGreaterThanOrEqual(60);
  });

  it('has the manifest that its script writes', () => {
    expect(JSON.parse(read('manifest.json').toString())).toEqual(entries);
  });

  it('has the tricks that their script writes, and no others', () => {
    const built = new Map<string, Buffer>(
      [...allTricks].flatMap(([group, each]) => each.map(({ name, raw }) => [`${group}/${name}.eml`, raw] as const)),
    );
    const files = readdirSync(join(corpus, 'tricks'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.eml'),
    );
    expect(files.toSorted()).toEqual([...built.keys()].toSorted());
    expect(files.filter((file) => built.get(file)?.equals(read(`tricks/${file}`)) !== true)).toEqual([]);
  });

  it('gives every trick a name of its own, and shows text or says what else is wrong', () => {
    const names = [...allTricks.values()].flat().map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe.each(entries)('$file', ({ file, outgoing, incoming }) => {
  it('is found to be what the manifest says, in one piece and in small ones', () => {
    const raw = read(file);
    expect(found(checkMessage(raw, { direction: 'outgoing' }))).toEqual(outgoing);
    expect(found(checkMessage(raw, { direction: 'incoming' }))).toEqual(incoming);
    for (const length of [1, 7, 67]) expect(found(pieces(raw, 'outgoing', length))).toEqual(outgoing);
  });
});
