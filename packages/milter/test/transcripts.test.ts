import { describe, expect, it } from 'vitest';
import type { Handlers } from '../src/handlers.ts';
import { SessionBench } from './session-bench.ts';
import { readTranscript } from './transcript.ts';

const observer = { observe: () => {} };
const answering: Handlers<'addHeader', undefined, undefined> = {
  connect: () => {},
  helo: () => {},
  mail: () => {},
  rcpt: () => {},
  data: () => {},
  header: () => {},
  endOfHeaders: () => {},
  body: () => {},
  unknown: () => {},
  endOfMessage: (_, { edit }) => edit.addHeader('X-A', 'v'),
};
const observing: Handlers<never, undefined, undefined> = {
  connect: observer,
  helo: observer,
  mail: observer,
  rcpt: observer,
  data: observer,
  header: observer,
  body: observer,
  unknown: observer,
};

const cases: readonly (readonly [string, () => SessionBench<'addHeader', undefined, undefined>])[] = [
  ['postfix-waits-everywhere.txt', () => new SessionBench({ actions: ['addHeader'], on: answering })],
  [
    'postfix-never-waits.txt',
    () => new SessionBench<'addHeader', undefined, undefined>({ on: { ...observing, unknown: observer } }),
  ],
  ['no-flags-offered.txt', () => new SessionBench<'addHeader', undefined, undefined>({ on: observing })],
];

describe.each(cases)('%s', (name, makeBench) => {
  const transcript = readTranscript(name);

  it('is answered turn by turn', async () => {
    const bench = makeBench();
    const played: string[] = [];
    for (const { from, frame } of transcript.turns) {
      if (from === 'filter') continue;
      played.push(`< ${frame.toString('latin1')}`);
      await bench.write(frame);
      const answer = bench.take().toString('latin1');
      if (answer !== '') played.push(`> ${answer}`);
    }
    const written = transcript.turns.map(
      (turn) => `${turn.from === 'server' ? '<' : '>'} ${turn.frame.toString('latin1')}`,
    );
    expect(played.join('').replaceAll('> ', '')).toBe(written.join('').replaceAll('> ', ''));
  });

  it('is answered alike in one piece', async () => {
    const bench = makeBench();
    await bench.write(transcript.sent);
    expect(bench.take().toString('latin1')).toBe(transcript.answered.toString('latin1'));
  });

  it('is answered alike byte by byte', async () => {
    const bench = makeBench();
    await bench.write(...[...transcript.sent].map((byte) => Buffer.from([byte])));
    expect(bench.take().toString('latin1')).toBe(transcript.answered.toString('latin1'));
  });

  it('is answered alike wherever it is cut in two', async () => {
    for (let cut = 1; cut < transcript.sent.length; cut += 1) {
      const bench = makeBench();
      await bench.write(transcript.sent.subarray(0, cut), transcript.sent.subarray(cut));
      expect(bench.take().equals(transcript.answered), `cut at ${cut}`).toBe(true);
    }
  });
});
