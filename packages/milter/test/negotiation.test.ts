import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { negotiate, type Wants } from '../src/negotiation.ts';
import { optionalStages } from '../src/stages.ts';
import { compile } from '../src/program.ts';
import { postfixOffer, SessionBench } from './session-bench.ts';

const offer = (version: number, actions = 0x1ff, protocol = 0x1f_ffff) =>
  ({ kind: 'offer', version, actions, protocol }) as const;

function wants(options: Partial<Parameters<typeof compile>[0]> = {}): Wants {
  return compile({ name: 'x', on: {}, ...options }).wants;
}

const relay = wants({
  actions: ['changeHeader'],
  macros: { mail: ['auth_authen'], connect: [] },
  on: {
    mail: { observe: () => {} },
    rcpt: () => {},
    header: { observe: () => {} },
    body: { observe: () => {} },
    endOfMessage: () => {},
  },
});

describe('negotiation', () => {
  it('answers Postfix byte by byte, waiting only at RCPT and at the end of the message', async () => {
    const bench = new SessionBench({
      actions: ['changeHeader'],
      macros: { mail: ['auth_authen', 'i'] },
      on: {
        mail: { observe: () => {} },
        rcpt: () => {},
        header: { observe: () => {} },
        body: { observe: () => {} },
        endOfMessage: () => {},
      },
    });
    await bench.write(postfixOffer);
    // version 6; CHGHDRS, SETSYMLIST; NOCONNECT NOHELO NOEOH NR_HDR NOUNKNOWN NODATA SKIP NR_MAIL NR_BODY; ENVFROM
    expect(bench.take().toString('latin1')).toBe(
      '\0\0\0\x21O\0\0\0\x06\0\0\x01\x10\0\x08\x47\xc3\0\0\0\x02{auth_authen} i\0',
    );
  });

  it.each([
    [2, 2],
    [3, 3],
    [4, 4],
    [5, 5],
    [6, 6],
    [7, 6],
    [2 ** 32 - 1, 6],
  ])('answers version %d with %d', (version, answer) => {
    expect(negotiate(offer(version), wants(), 'unix').version).toBe(answer);
  });

  it.each([0, 1])('refuses version %d', (version) => {
    expect(() => negotiate(offer(version), wants(), 'unix')).toThrow(
      expect.objectContaining({ code: 'version-too-old' }),
    );
  });

  it.each([
    ['Postfix', 0x1ff, 0x1f_ffff, 0x110, 0x0008_47c3],
    ['Postfix with milter_protocol = 2', 0x3f, 0x7f, 0x10, 0x43],
    ['Stalwart', 0xff, 0x42, 0x10, 0x42],
    ['maddy-like, without protocol flags but NOCONNECT', 0x3f, 0x1, 0x10, 0x1],
    ['a server that says nothing of the protocol', 0x1ff, 0, 0x110, 0x3],
  ])('with %s asks for what is offered', (_, actions, protocol, agreedActions, agreedProtocol) => {
    const agreement = negotiate(offer(6, actions, protocol), relay, 'unix');
    expect(agreement.actions.toString(16)).toBe(agreedActions.toString(16));
    expect(agreement.protocol.toString(16)).toBe(agreedProtocol.toString(16));
  });

  it('without an offered action names it and gives up', () => {
    expect(() => negotiate(offer(6, 0x1), relay, 'unix')).toThrow(
      expect.objectContaining({
        code: 'action-not-offered',
        message: 'the mail server offers actions 0x1, without 0x10 (changeHeader)',
      }),
    );
    expect(negotiate(offer(6, 0), wants({ actions: ['addHeader'] }), 'unix').actions).toBe(1);
  });

  it('over TCP answers every event, and DATA even without a handler', () => {
    expect(negotiate(offer(6), relay, 'tcp').protocol.toString(16)).toBe((0x543).toString(16));
  });

  it('does without every event that has no handler', () => {
    expect(negotiate(offer(6), wants(), 'unix').protocol.toString(16)).toBe((0x77f).toString(16));
  });

  it('has an event that cannot be left out come without an answer', () => {
    const noData = 0x200;
    expect(negotiate(offer(6, 0x1ff, 0x1f_ffff & ~noData), wants(), 'unix').protocol & 0x1_0200).toBe(0x1_0000);
  });

  it('asks for the macros of each stage by its number on the wire', () => {
    const all = {
      connect: ['j'],
      helo: [],
      mail: ['i'],
      rcpt: ['i'],
      data: ['i'],
      endOfHeaders: ['i'],
      endOfMessage: ['{msg_id}'],
    };
    const { frame } = negotiate(offer(6), wants({ macros: all }), 'unix');
    expect(frame.subarray(17).toString('latin1')).toBe(
      '\0\0\0\0j v\0' +
        '\0\0\0\x01{none}\0' +
        '\0\0\0\x02i\0' +
        '\0\0\0\x03i\0' +
        '\0\0\0\x04i\0' +
        '\0\0\0\x06i\0' +
        '\0\0\0\x05{msg_id}\0',
    );
  });

  it('asks for larger pieces only where they are offered, and takes them then', () => {
    const large = wants({ maxDataBytes: 1_048_575 });
    expect(negotiate(offer(6), large, 'unix')).toMatchObject({ chunkBytes: 65_535, maxFrameBytes: 65_537 });
    expect(negotiate(offer(6, 0x1ff, 0x3fff_ffff), large, 'unix')).toMatchObject({
      chunkBytes: 1_048_575,
      maxFrameBytes: 1_048_577,
    });
    expect(negotiate(offer(6, 0x1ff, 0x3fff_ffff), wants({ maxDataBytes: 262_143 }), 'unix')).toMatchObject({
      chunkBytes: 262_143,
    });
  });

  it('never answers with more than was offered', () => {
    const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 2 ** 32 - 1 }),
        uint32,
        uint32,
        fc.subarray([...optionalStages]),
        fc.boolean(),
        (version, actions, protocol, stages, observes) => {
          const handler = observes ? { observe: () => {} } : () => {};
          const wanted = wants({
            on: Object.fromEntries(stages.map((stage) => [stage, handler])),
            macros: { mail: ['i'] },
          });
          const agreement = negotiate(offer(version, actions, protocol), wanted, 'unix');
          expect(agreement.version).toBeLessThanOrEqual(Math.min(6, version));
          expect((agreement.actions & ~(actions === 0 ? 0xf : actions)) >>> 0).toBe(0);
          expect((agreement.protocol & ~(protocol === 0 ? 0x3f : protocol)) >>> 0).toBe(0);
        },
      ),
    );
  });
});
