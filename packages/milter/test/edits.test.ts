import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Action, Edits } from '../src/edits.ts';
import { accept, reject, reply, tempfail } from '../src/verdicts.ts';
import { decodePacket, frame, strings } from '../src/testing/codec.ts';
import { negotiated, SessionBench } from './session-bench.ts';

const allActions = [
  'addHeader',
  'changeHeader',
  'replaceBody',
  'addRecipient',
  'addRecipientWithParameters',
  'deleteRecipient',
  'changeSender',
  'quarantine',
] as const satisfies readonly Action[];
const endOfMessage = frame('E');

/** What is sent for edits at the end of a message. */
async function sent(edits: (edit: Edits) => void, options: { leadingSpace?: boolean } = {}): Promise<string[]> {
  const bench = await negotiated({
    actions: allActions,
    ...options,
    on: { endOfMessage: (_, { edit }) => edits(edit) },
  });
  await bench.write(endOfMessage);
  return bench.takeText();
}

describe('an edit', () => {
  it.each<readonly [string, (edit: Edits) => void, string]>([
    ['addHeader', (edit) => edit.addHeader('X-A', 'v'), 'hX-A␀v␀'],
    ['addHeader, folded', (edit) => edit.addHeader('X-A', 'v\n\tw'), 'hX-A␀v\n\tw␀'],
    ['insertHeader', (edit) => edit.insertHeader(1, 'X-A', 'v'), 'i␀␀␀\x01X-A␀v␀'],
    ['changeHeader', (edit) => edit.changeHeader('X-A', 'v', 2), 'm␀␀␀\x02X-A␀v␀'],
    ['deleteHeader', (edit) => edit.deleteHeader('X-A'), 'm␀␀␀\x01X-A␀␀'],
    ['changeSender', (edit) => edit.changeSender('a@b'), 'e<a@b>␀␀'],
    ['changeSender to nobody', (edit) => edit.changeSender(''), 'e<>␀␀'],
    [
      'changeSender with parameters',
      (edit) => edit.changeSender('a@b', ['RET=HDRS', 'ENVID=1']),
      'e<a@b>␀RET=HDRS ENVID=1␀',
    ],
    ['addRecipient', (edit) => edit.addRecipient('<a@b>'), '+<a@b>␀'],
    [
      'addRecipientWithParameters',
      (edit) => edit.addRecipientWithParameters('a@b', ['NOTIFY=NEVER']),
      '2<a@b>␀NOTIFY=NEVER␀',
    ],
    ['deleteRecipient', (edit) => edit.deleteRecipient('a@b'), '-<a@b>␀'],
    ['replaceBody', (edit) => edit.replaceBody('new\r\n'), 'bnew\r\n'],
    ['replaceBody with nothing', (edit) => edit.replaceBody(''), 'b'],
    ['quarantine', (edit) => edit.quarantine('why'), 'qwhy␀'],
  ])('%s has its bytes', async (_, edits, bytes) => {
    expect(await sent(edits)).toEqual([bytes, 'c']);
  });

  it('goes out with the others: envelope, headers from the last to the first, additions, body, quarantine, verdict', async () => {
    const frames = await sent((edit) => {
      edit.quarantine('why');
      edit.replaceBody('b');
      edit.addHeader('X-New', '1');
      edit.deleteHeader('X-A', 1);
      edit.deleteHeader('X-A', 3);
      edit.changeHeader('X-A', 'v', 2);
      edit.addRecipient('c@d');
    });
    expect(frames).toEqual([
      '+<c@d>␀',
      'm␀␀␀\x03X-A␀␀',
      'm␀␀␀\x02X-A␀v␀',
      'm␀␀␀\x01X-A␀␀',
      'hX-New␀1␀',
      'bb',
      'qwhy␀',
      'c',
    ]);
  });

  it('does not go with a refusal', async () => {
    for (const verdict of [reject, tempfail, reply(550, '5.7.1', 'no')]) {
      const bench = await negotiated({
        actions: ['addHeader'],
        on: {
          endOfMessage: (_, { edit }) => {
            edit.addHeader('X', 'y');
            return verdict;
          },
        },
      });
      await bench.write(endOfMessage);
      expect(bench.takeText()).toHaveLength(1);
    }
  });

  it('cuts a large body into pieces of 65,535 bytes', async () => {
    expect((await sent((edit) => edit.replaceBody(new Uint8Array(131_071)))).map((each) => each.length)).toEqual([
      65_536, 65_536, 2, 1,
    ]);
  });

  it.each<readonly [string, (edit: Edits) => void, string]>([
    ['a header name with a colon', (edit) => edit.addHeader('X:', 'v'), 'bad-header-name'],
    ['a header name with a space', (edit) => edit.addHeader('X Y', 'v'), 'bad-header-name'],
    ['an empty header name', (edit) => edit.changeHeader('', 'v'), 'bad-header-name'],
    ['a header name with a NUL', (edit) => edit.deleteHeader('X\0'), 'bad-header-name'],
    ['a value with a NUL', (edit) => edit.addHeader('X', 'a\0b'), 'bad-header-value'],
    ['a value with CR', (edit) => edit.addHeader('X', 'a\r\n b'), 'bad-header-value'],
    ['a value with a new line', (edit) => edit.addHeader('X', 'a\nBcc: c@d'), 'bad-header-value'],
    ['a value that ends in LF', (edit) => edit.addHeader('X', 'a\n'), 'bad-header-value'],
    ['a value of 1 MB', (edit) => edit.addHeader('X', 'x'.repeat(1_000_000)), 'too-large'],
    ['a change to nothing', (edit) => edit.changeHeader('X', ''), 'bad-header-value'],
    ['index 0 to change', (edit) => edit.changeHeader('X', 'v', 0), 'bad-index'],
    ['index -1 to insert at', (edit) => edit.insertHeader(-1, 'X', 'v'), 'bad-index'],
    ['index 2³¹', (edit) => edit.deleteHeader('X', 2 ** 31), 'bad-index'],
    ['index 1.5', (edit) => edit.deleteHeader('X', 1.5), 'bad-index'],
    ['an address with a NUL', (edit) => edit.addRecipient('a\0@b'), 'bad-address'],
    ['an address with a line', (edit) => edit.changeSender('a@b\r\nX'), 'bad-address'],
    ['a parameter with a space', (edit) => edit.changeSender('a@b', ['RET=HDRS X']), 'bad-parameter'],
    ['an empty reason', (edit) => edit.quarantine(''), 'bad-reason'],
    ['a reason of 101 characters', (edit) => edit.quarantine('x'.repeat(101)), 'bad-reason'],
    [
      'a second body',
      (edit) => {
        edit.replaceBody('a');
        edit.replaceBody('b');
      },
      'twice',
    ],
  ])('with %s is refused before a byte is sent', async (_, edits, code) => {
    let caught: unknown;
    const frames = await sent((edit) => {
      try {
        edits(edit);
      } catch (error) {
        caught = error;
        throw error;
      }
    });
    expect(caught).toMatchObject({ name: 'EditError', code });
    expect(frames).toEqual(['t']);
  });

  it('that was not declared is refused, also behind the back of the types', async () => {
    const bench = await negotiated({
      actions: ['quarantine'],
      on: {
        endOfMessage: (_, context) => Reflect.apply(Reflect.get(context.edit, 'addHeader'), context.edit, ['X', 'y']),
      },
    });
    await bench.write(endOfMessage);
    expect(bench.takeText()).toEqual(['t']);
    expect(bench.events.at(-2)).toMatchObject({ error: { code: 'not-declared' } });
  });

  it('before the end of the message or after the verdict is refused', async () => {
    let kept: Pick<Edits, 'addHeader'> | undefined;
    const bench = await negotiated({
      actions: ['addHeader'],
      on: {
        mail: (_, context) =>
          Reflect.apply(Reflect.get(Reflect.get(context, 'edit'), 'addHeader'), Reflect.get(context, 'edit'), [
            'X',
            'y',
          ]),
        rcpt: () => {},
        endOfMessage: (_, { edit }) => {
          kept = edit;
          return accept;
        },
      },
    });
    await bench.write(frame('M', strings('<a@b>')));
    expect(bench.takeText()).toEqual(['t']);
    await bench.write(frame('A'), endOfMessage);
    expect(bench.takeText()).toEqual(['a']);
    expect(() => kept?.addHeader('X', 'y')).toThrow(expect.objectContaining({ code: 'not-end-of-message' }));
  });

  it('keeps the space behind the colon where the filter writes it itself', async () => {
    expect(await sent((edit) => edit.addHeader('X', ' v'), { leadingSpace: true })).toEqual(['hX␀ v␀', 'c']);
    const bench = new SessionBench({
      actions: ['addHeader'],
      leadingSpace: true,
      on: { endOfMessage: (_, { edit }) => edit.addHeader('X', ' v') },
    });
    await bench.write(Buffer.from('0000000d4f00000006000001ff000fffff', 'hex'), endOfMessage);
    expect(bench.takeText().slice(1)).toEqual(['hX␀v␀', 'c']);
  });

  it('comes back from the wire as it was given', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.stringMatching(/^[!-9;-~]{1,40}$/),
        fc.stringMatching(/^[^\0\r\n]{1,200}$/u),
        async (name, value) => {
          const bench = await negotiated({
            actions: ['addHeader'],
            on: { endOfMessage: (_, { edit }) => edit.addHeader(name, value) },
          });
          await bench.write(endOfMessage);
          const [first] = [bench.take()];
          expect(decodePacket(first.subarray(4, 4 + first.readUInt32BE()))).toEqual({ kind: 'addHeader', name, value });
        },
      ),
    );
  });
});

describe('a body that comes piece by piece', () => {
  it('is one replacement, without progress in between, and an empty one is empty', async () => {
    async function* pieces(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('one');
      yield new Uint8Array(0);
      yield Buffer.from('two');
    }
    const bench = await negotiated({
      actions: ['replaceBody', 'quarantine'],
      on: {
        endOfMessage: (_, { edit }) => {
          edit.quarantine('x');
          edit.replaceBody(pieces());
        },
      },
    });
    await bench.write(endOfMessage);
    expect(bench.takeText()).toEqual(['bone', 'btwo', 'qx␀', 'c']);
    const empty = await negotiated({
      actions: ['replaceBody'],
      on: { endOfMessage: (_, { edit }) => edit.replaceBody([]) },
    });
    await empty.write(endOfMessage);
    expect(empty.takeText()).toEqual(['b', 'c']);
  });

  it('is suspended without progress, and reported again nowhere', async () => {
    let release: () => void = () => {};
    async function* pieces(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('one');
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      yield Buffer.from('two');
    }
    const bench = await negotiated({
      actions: ['replaceBody'],
      keepAliveMs: 1000,
      on: { endOfMessage: (_, { edit }) => edit.replaceBody(pieces()) },
    });
    const written = bench.write(endOfMessage);
    await new Promise(setImmediate);
    bench.clock.pass(10_000);
    release();
    await written;
    expect(bench.takeText()).toEqual(['bone', 'btwo', 'c']);
  });

  it('that breaks off is never delivered, even when errors are let through', async () => {
    async function* pieces(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('one');
      throw new Error('the source is gone');
    }
    const bench = await negotiated({
      actions: ['replaceBody'],
      onError: 'accept',
      on: { endOfMessage: (_, { edit }) => edit.replaceBody(pieces()) },
    });
    await bench.write(endOfMessage);
    expect(bench.takeText()).toEqual(['bone', 't']);
  });
});
