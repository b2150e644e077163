import { describe, expect, it } from 'vitest';
import { accept, discard, reject, reply, skip, tempfail, type Verdict } from '../src/verdicts.ts';
import { frame, strings } from '../src/testing/codec.ts';
import { negotiated } from './session-bench.ts';

const events: Readonly<Record<string, Buffer>> = {
  connect: frame('C', Buffer.concat([strings('x'), Buffer.from('U')])),
  helo: frame('H', strings('x')),
  mail: frame('M', strings('<a@b>')),
  rcpt: frame('R', strings('<c@d>')),
  data: frame('T'),
  unknown: frame('U', strings('XYZZY')),
  header: frame('L', strings('Subject', 'x')),
  endOfHeaders: frame('N'),
  body: frame('B', 'x'),
  endOfMessage: frame('E'),
};
const message = ['mail', 'rcpt', 'data', 'header', 'endOfHeaders', 'body', 'endOfMessage'];

const verdicts: readonly (readonly [string, Verdict | undefined, string, readonly string[]])[] = [
  ['nothing', undefined, 'c', Object.keys(events)],
  ['accept', accept, 'a', ['connect', 'helo', ...message]],
  ['reject', reject, 'r', Object.keys(events)],
  ['tempfail', tempfail, 't', Object.keys(events)],
  ['a 5xx reply', reply(550, '5.7.1', 'no'), 'y550 5.7.1 no␀', Object.keys(events)],
  ['a 4xx reply', reply(451, undefined, 'later'), 'y451 later␀', Object.keys(events)],
  ['discard', discard, 'd', message],
  ['skip', skip, 's', ['body']],
];

describe.each(Object.keys(events))('at %s', (stage) => {
  for (const [name, verdict, bytes, legalAt] of verdicts) {
    const isLegal = legalAt.includes(stage);
    it(`${name} is ${isLegal ? JSON.stringify(bytes) : 'a mistake, answered with a temporary failure'}`, async () => {
      const bench = await negotiated({ on: { [stage]: () => verdict } });
      await bench.write(events[stage] ?? Buffer.alloc(0));
      expect(bench.takeText()).toEqual([isLegal ? bytes : 't']);
      const failures = bench.events.filter((event) => event.kind === 'handler.failed');
      expect(failures).toHaveLength(isLegal ? 0 : 1);
    });

    it(`${name} that comes later is the same`, async () => {
      const bench = await negotiated({ on: { [stage]: async () => verdict } });
      await bench.write(events[stage] ?? Buffer.alloc(0));
      expect(bench.takeText()).toEqual([isLegal ? bytes : 't']);
    });
  }
});

describe('a verdict', () => {
  it('on the message answers whatever follows of it', async () => {
    const bench = await negotiated({ on: { mail: () => accept, rcpt: () => reject, endOfMessage: () => reject } });
    const { mail, rcpt, endOfMessage } = events;
    await bench.write(mail ?? Buffer.alloc(0), rcpt ?? Buffer.alloc(0), endOfMessage ?? Buffer.alloc(0));
    expect(bench.takeText()).toEqual(['a', 'a', 'a']);
  });

  it('on a recipient is for that one, unless it is an accept or a discard', async () => {
    let count = 0;
    const answers = [reject, undefined, tempfail, discard];
    const bench = await negotiated({ on: { rcpt: () => answers[count++] } });
    for (let times = 0; times < 5; times += 1) await bench.write(events['rcpt'] ?? Buffer.alloc(0));
    expect(bench.takeText()).toEqual(['r', 'c', 't', 'd', 'd']);
  });

  it('on the connection answers everything', async () => {
    const bench = await negotiated({ on: { connect: () => tempfail, mail: () => accept, unknown: () => {} } });
    for (const event of Object.values(events)) await bench.write(event);
    expect(new Set(bench.takeText())).toEqual(new Set(['t']));
  });

  it('on a HELO is for that HELO', async () => {
    const bench = await negotiated({ on: { helo: ({ name }) => (name === 'x' ? reject : undefined), mail: () => {} } });
    await bench.write(events['helo'] ?? Buffer.alloc(0), events['mail'] ?? Buffer.alloc(0));
    await bench.write(frame('H', strings('y')), events['mail'] ?? Buffer.alloc(0));
    expect(bench.takeText()).toEqual(['r', 'r', 'c', 'c']);
  });

  it.each([['accept'], [{ kind: 'maybe' }], [42], [{ kind: 'reply' }], [{ kind: 'reply', payload: 'no' }]])(
    'that is none, %j, is a mistake of ours',
    async (value) => {
      const bench = await negotiated({ on: Object.fromEntries([['rcpt', () => value]]) });
      await bench.write(events['rcpt'] ?? Buffer.alloc(0));
      expect(bench.takeText()).toEqual(['t']);
    },
  );

  it('null is nothing', async () => {
    const bench = await negotiated({ on: Object.fromEntries([['rcpt', async () => null]]) });
    await bench.write(events['rcpt'] ?? Buffer.alloc(0));
    expect(bench.takeText()).toEqual(['c']);
  });
});
