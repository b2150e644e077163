import { describe, expect, it } from 'vitest';
import type { BodyHandler } from '../src/handlers.ts';
import { frame } from '../src/testing/codec.ts';
import { accept, reject, skip, tempfail } from '../src/verdicts.ts';
import { negotiated, type SessionBench } from './session-bench.ts';

type Handler = BodyHandler<undefined, undefined>;

function bodyBench(
  body: Handler,
  transport: 'unix' | 'tcp' = 'unix',
): Promise<SessionBench<never, undefined, undefined>> {
  return negotiated({ on: { body } }, transport);
}

const chunks = (...texts: readonly string[]): Buffer[] => [...texts.map((text) => frame('B', text)), frame('E')];

describe('a body', () => {
  it('comes piece by piece, and may be skipped', async () => {
    const seen: string[] = [];
    const bench = await bodyBench((chunk) => {
      seen.push(Buffer.from(chunk).toString());
      return skip;
    });
    await bench.write(...chunks('one', 'two'));
    expect(seen).toEqual(['one']);
    expect(bench.takeText()).toEqual(['s', 's', 'c']);
  });

  it('is seen without an answer', async () => {
    const seen: string[] = [];
    const bench = await bodyBench({ observe: (chunk) => void seen.push(Buffer.from(chunk).toString()) });
    await bench.write(...chunks('one', 'two'));
    expect(seen).toEqual(['one', 'two']);
    expect(bench.takeText()).toEqual(['c']);
  });

  it('may end in the packet that ends the message', async () => {
    const seen: string[] = [];
    const bench = await bodyBench({ observe: (chunk) => void seen.push(Buffer.from(chunk).toString()) });
    await bench.write(frame('B', 'one'), frame('E', 'two'));
    expect(seen).toEqual(['one', 'two']);
  });

  describe('as a prefix', () => {
    const prefixes: string[] = [];
    const prefix: Handler = {
      mode: 'prefix',
      bytes: 5,
      handler: (bytes) => {
        prefixes.push(Buffer.from(bytes).toString());
        return prefixes.at(-1) === 'bad!!' ? reject : undefined;
      },
    };
    it.each([
      ['is cut off, and the rest is skipped', ['one', 'two', 'three'], ['onetw'], ['c', 's', 's', 'c']],
      ['is the whole of a short body', ['one'], ['one'], ['c', 'c']],
      ['is empty without a body', [], [''], ['c']],
      ['is judged as soon as it is there', ['bad!!x', 'y'], ['bad!!'], ['r', 'r', 'r']],
    ])('%s', async (_, texts, expected, answers) => {
      prefixes.length = 0;
      const bench = await bodyBench(prefix);
      await bench.write(...chunks(...texts));
      expect(prefixes).toEqual(expected);
      expect(bench.takeText()).toEqual(answers);
    });
  });

  describe('as a whole', () => {
    it.each([
      ['is there at the end', ['one', 'two'], ['onetwo'], 'a'],
      ['is empty without a body', [], [''], 'a'],
      ['that is too long is answered as declared', ['one', 'two', 'three'], [], 't'],
    ])('%s', async (_, texts, expected, answer) => {
      const seen: string[] = [];
      const bench = await bodyBench({
        mode: 'whole',
        maxBytes: 10,
        overflow: tempfail,
        handler: (bytes) => {
          seen.push(Buffer.from(bytes).toString());
          return accept;
        },
      });
      await bench.write(...chunks(...texts));
      expect(seen).toEqual(expected);
      expect(bench.takeText()).toEqual([answer]);
    });
  });

  describe('as a stream', () => {
    it('is read to its end before the message ends', async () => {
      const seen: string[] = [];
      const bench = await bodyBench({
        mode: 'stream',
        handler: async (stream) => {
          for await (const chunk of stream) seen.push(Buffer.from(chunk).toString());
          seen.push('end');
        },
      });
      await bench.write(...chunks('one', 'two'));
      expect(seen).toEqual(['one', 'two', 'end']);
      expect(bench.takeText()).toEqual(['c']);
    });

    it('is over at once without a body', async () => {
      let count = 0;
      const bench = await bodyBench({
        mode: 'stream',
        handler: async (stream) => {
          for await (const _ of stream) count += 1;
        },
      });
      await bench.write(frame('E'));
      expect([count, bench.takeText()]).toEqual([0, ['c']]);
    });

    it.each([
      ['unix', ['c']],
      ['tcp', ['s', 's', 'c']],
    ] as const)('that is left early is skipped where pieces are answered (%s)', async (transport, answers) => {
      const seen: string[] = [];
      const handler: Handler = {
        mode: 'stream',
        handler: async (stream) => {
          for await (const chunk of stream) {
            seen.push(Buffer.from(chunk).toString());
            return;
          }
        },
      };
      const bench = await bodyBench(handler, transport);
      await bench.write(...chunks('one', 'two'));
      expect(seen).toEqual(['one']);
      expect(bench.takeText()).toEqual(answers);
    });

    it('holds up the next piece until this one was used', async () => {
      let release: () => void = () => {};
      const bench = await bodyBench({
        mode: 'stream',
        handler: async (stream) => {
          for await (const _ of stream) {
            await new Promise<void>((resolve) => {
              release = resolve;
            });
          }
        },
      });
      let isTaken = false;
      const written = bench.write(frame('B', 'one')).then(() => (isTaken = true));
      await new Promise(setImmediate);
      expect(isTaken).toBe(false);
      release();
      await written;
      expect(isTaken).toBe(true);
    });

    it('throws at its reader when the message is aborted', async () => {
      let failure: unknown;
      const bench = await bodyBench({
        mode: 'stream',
        handler: async (stream) => {
          try {
            for await (const _ of stream);
          } catch (error) {
            failure = error;
          }
        },
      });
      await bench.write(frame('B', 'one'), frame('A'));
      await new Promise(setImmediate);
      expect(failure).toMatchObject({ name: 'AbortError' });
    });

    it('whose reader fails is a failure of ours', async () => {
      const bench = await bodyBench({
        mode: 'stream',
        handler: async () => {
          throw new Error('a bug');
        },
      });
      await bench.write(...chunks('one'));
      expect(bench.takeText()).toEqual(['t']);
    });
  });
});
