import { describe, expect, it } from 'vitest';
import { frame, strings } from '../src/testing/codec.ts';
import { accept, reject, reply } from '../src/verdicts.ts';
import { negotiated, postfixOffer, SessionBench } from './session-bench.ts';

const mail = frame('M', strings('<a@b>'));
const rcpt = frame('R', strings('<c@d>'));
const header = frame('L', strings('Subject', 'x'));
const endOfMessage = frame('E');
const abort = frame('A');

/** A filter that keeps a diary. */
function diary(log: string[]) {
  let messages = 0;
  return {
    connection: () => log.push('connection') && {},
    message: () => ({ number: (messages += 1) }),
    on: {
      mail: (_: unknown, { message }: { message: { number: number } }) => void log.push(`mail ${message.number}`),
      rcpt: (_: unknown, { message }: { message: { number: number } }) => void log.push(`rcpt ${message.number}`),
      header: (_: unknown, { message }: { message: { number: number } }) => void log.push(`header ${message.number}`),
      endOfMessage: (_: unknown, { message }: { message: { number: number } }) =>
        void log.push(`end ${message.number}`),
      abort: ({ message }: { message: { number: number } }) => void log.push(`abort ${message.number}`),
      close: () => void log.push('close'),
    },
  };
}

describe('a message', () => {
  it.each([
    ['aborted twice is aborted once', [mail, abort, abort], ['mail 1', 'abort 1']],
    ['that there is not is not aborted', [abort, abort], []],
    ['that was accepted is not aborted by the ABORT that follows it', [mail, endOfMessage, abort], ['mail 1', 'end 1']],
    [
      'may begin without the end of the one before',
      [mail, rcpt, mail, rcpt],
      ['mail 1', 'rcpt 1', 'abort 1', 'mail 2', 'rcpt 2'],
    ],
    ['may follow the one before without ABORT', [mail, endOfMessage, mail], ['mail 1', 'end 1', 'mail 2']],
    ['begins with RCPT where MAIL is missing', [rcpt, endOfMessage, rcpt], ['rcpt 1', 'end 1', 'rcpt 2']],
    ['begins anew when the stages go back', [mail, header, rcpt], ['mail 1', 'header 1', 'abort 1', 'rcpt 2']],
    ['may be nothing but its end', [endOfMessage, endOfMessage], ['end 1', 'end 2']],
  ])('%s', async (_, frames, entries) => {
    const log: string[] = [];
    const bench = await negotiated(diary(log));
    await bench.write(Buffer.concat(frames));
    expect(log.slice(1)).toEqual(entries);
  });

  it('is aborted by the end of the connection, which is told once', async () => {
    const log: string[] = [];
    const bench = await negotiated(diary(log));
    await bench.write(mail);
    bench.session.end();
    bench.session.end();
    expect(log).toEqual(['connection', 'mail 1', 'abort 1', 'close']);
  });

  it('is aborted by QUIT_NC, after which a new connection begins with the same options', async () => {
    const log: string[] = [];
    const bench = await negotiated(diary(log));
    await bench.write(mail, frame('K'), mail);
    expect(log).toEqual(['connection', 'mail 1', 'abort 1', 'close', 'connection', 'mail 2']);
    expect(bench.takeText()).toEqual(['c', 'c']);
  });

  it('that was refused is over: no handler hears the rest of it', async () => {
    const log: string[] = [];
    const { on, ...rest } = diary(log);
    const bench = await negotiated({ ...rest, on: { ...on, rcpt: () => accept } });
    await bench.write(mail, rcpt, header, endOfMessage, abort);
    expect(log).toEqual(['connection', 'mail 1']);
    expect(bench.takeText()).toEqual(['c', 'a', 'a', 'a']);
  });
});

describe('a handler at work', () => {
  it('is told by its signal when the mail server gives up, and its late verdict is dropped', async () => {
    let signal: AbortSignal | undefined;
    const aborts: number[] = [];
    const bench = await negotiated({
      on: {
        mail: (_, context) => {
          ({ signal } = context);
          return new Promise<undefined>(() => {});
        },
        rcpt: () => {},
        abort: () => void aborts.push(1),
      },
    });
    const written = bench.write(mail);
    bench.session.interrupt('message');
    await written;
    expect(signal?.aborted).toBe(true);
    await bench.write(abort, mail.subarray(0, 0));
    expect(bench.takeText()).toEqual([]);
    expect(aborts).toEqual([1]);
    expect(bench.clock.timers).toBe(0);
  });

  it('is told when the connection is gone, also by the signal of the connection', async () => {
    const signals: AbortSignal[] = [];
    const bench = await negotiated({
      on: {
        connect: (_, context) => void signals.push(context.signal),
        endOfMessage: (_, context) => {
          signals.push(context.signal);
          return new Promise<undefined>(() => {});
        },
      },
    });
    await bench.write(frame('C', Buffer.concat([strings('x'), Buffer.from('U')])));
    const written = bench.write(endOfMessage);
    bench.session.interrupt('connection');
    await written;
    expect(signals.map((signal) => signal.aborted)).toEqual([true, true]);
    expect(bench.takeText()).toEqual(['c']);
  });

  it('is not told of an abort when its message has its verdict', async () => {
    let signal: AbortSignal | undefined;
    const bench = await negotiated({ on: { endOfMessage: (_, context) => void ({ signal } = context) } });
    await bench.write(endOfMessage, abort);
    bench.session.end();
    expect(signal?.aborted).toBe(false);
  });

  it('has progress reported for it, by Postfix everywhere and by others at the end only', async () => {
    for (const [version, reports] of [
      ['Postfix 3.12', 3],
      ['8.18.1', 0],
    ] as const) {
      let release: () => void = () => {};
      const wait = (): Promise<void> => new Promise((resolve) => (release = resolve));
      const bench = await negotiated({ on: { rcpt: wait, endOfMessage: wait }, keepAliveMs: 1000 });
      await bench.write(frame('D', Buffer.concat([Buffer.from('C'), strings('v', version)])));
      for (const [event, expected] of [
        [rcpt, reports],
        [endOfMessage, 3],
      ] as const) {
        const written = bench.write(event);
        bench.clock.pass(3999);
        expect(bench.takeText()).toEqual(Array.from({ length: expected }, () => 'p'));
        release();
        await written;
        expect(bench.takeText()).toEqual(['c']);
      }
      expect(bench.clock.timers).toBe(0);
    }
  });

  it('has a deadline, after which its message is lost and the next one is not', async () => {
    let signal: AbortSignal | undefined;
    let isStuck = true;
    const bench = await negotiated({
      handlerTimeoutMs: 5000,
      keepAliveMs: 0,
      on: {
        rcpt: (_, context) => {
          ({ signal } = context);
          return isStuck ? new Promise<undefined>(() => {}) : undefined;
        },
        endOfMessage: () => accept,
      },
    });
    const written = bench.write(rcpt);
    bench.clock.pass(5000);
    await written;
    await bench.write(rcpt, endOfMessage);
    expect(bench.takeText()).toEqual(['t', 't', 't']);
    expect(signal?.aborted).toBe(true);
    expect(bench.events).toContainEqual(expect.objectContaining({ kind: 'handler.failed', stage: 'rcpt' }));
    isStuck = false;
    await bench.write(abort, rcpt, endOfMessage);
    expect(bench.takeText()).toEqual(['c', 'a']);
  });

  it('answers with a temporary failure when the filter is being stopped', async () => {
    const bench = await negotiated({ on: { endOfMessage: () => new Promise<undefined>(() => {}) } });
    const written = bench.write(endOfMessage);
    bench.session.drain();
    await written;
    await bench.write(mail.subarray(0, 0));
    expect(bench.takeText()).toEqual(['t']);
  });
});

describe('a failure of ours', () => {
  const broken = (): never => {
    throw new Error('a bug');
  };

  it.each([
    ['tempfail', 't'],
    ['reject', 'r'],
    ['accept', 'a'],
    [() => reply(451, '4.3.0', 'later'), 'y451 4.3.0 later␀'],
    [broken, 't'],
  ] as const)('is answered as %s says', async (onError, bytes) => {
    for (const endOfMessageHandler of [broken, async () => broken()]) {
      const bench = await negotiated({ onError, on: { endOfMessage: endOfMessageHandler } });
      await bench.write(endOfMessage);
      expect(bench.takeText()).toEqual([bytes]);
    }
  });

  it('where nobody waits is answered at the next stage where somebody does', async () => {
    const bench = await negotiated({ on: { mail: { observe: broken }, rcpt: () => {}, endOfMessage: () => accept } });
    await bench.write(mail, rcpt, rcpt, endOfMessage, abort);
    expect(bench.takeText()).toEqual(['t', 't', 't']);
    await bench.write(rcpt, endOfMessage);
    expect(bench.takeText()).toEqual(['c', 'a']);
  });

  it('at RCPT costs that recipient', async () => {
    let count = 0;
    const bench = await negotiated({
      on: { rcpt: () => (count++ === 0 ? broken() : undefined), endOfMessage: () => {} },
    });
    await bench.write(rcpt, rcpt, endOfMessage);
    expect(bench.takeText()).toEqual(['t', 'c', 'c']);
  });

  it('to make a state fails what needs it', async () => {
    const bench = await negotiated({ message: broken, on: { rcpt: () => {} } });
    await bench.write(rcpt, rcpt);
    expect(bench.takeText()).toEqual(['t', 't']);
    const other = await negotiated({ connection: broken, on: { rcpt: () => {} } });
    await other.write(rcpt, abort, rcpt);
    expect(other.takeText()).toEqual(['t', 't']);
  });

  it('in abort or close is an event and nothing more', async () => {
    const bench = await negotiated({ on: { mail: () => {}, abort: broken, close: broken } });
    await bench.write(mail);
    bench.session.end();
    expect(bench.events.filter((event) => event.kind === 'handler.failed').map((event) => event.stage)).toEqual([
      'abort',
      'close',
    ]);
  });

  it('an observer that returns a verdict is one', async () => {
    const untyped = Object.fromEntries([['mail', { observe: () => reject }]]);
    const bench = await negotiated({ on: { ...untyped, rcpt: () => {} } });
    await bench.write(mail, rcpt);
    expect(bench.takeText()).toEqual(['t']);
  });
});

describe('a limit', () => {
  it.each([
    ['headers', { headers: 2 }, [header, header, header]],
    ['bytes of headers', { headerBytes: 20 }, [header, header, header]],
  ])('of %s that is passed is a temporary failure at the end', async (_, limits, frames) => {
    const bench = await negotiated({ limits, on: { header: { observe: () => {} }, endOfMessage: () => accept } });
    await bench.write(...frames, endOfMessage);
    expect(bench.takeText()).toEqual(['t']);
  });

  it('of recipients that is passed costs those beyond it', async () => {
    const bench = await negotiated({ limits: { recipients: 1 }, on: { rcpt: () => {}, endOfMessage: () => accept } });
    await bench.write(rcpt, rcpt, endOfMessage);
    expect(bench.takeText()).toEqual(['c', 't', 'a']);
  });

  it('is a temporary failure even when errors are let through', async () => {
    const bench = await negotiated({
      onError: 'accept',
      limits: { headers: 0 },
      on: { header: () => {}, endOfMessage: () => {} },
    });
    await bench.write(header);
    expect(bench.takeText()).toEqual(['t']);
  });
});

describe('a session', () => {
  it.each([
    ['a command before the offer', [mail], 'not-negotiated'],
    ['a second offer', [postfixOffer, postfixOffer], 'negotiated-twice'],
    ['an unknown command', [postfixOffer, frame('!')], 'unknown-command'],
  ])('refuses %s', async (_, frames, code) => {
    const bench = new SessionBench({ on: {} });
    await expect(bench.write(...frames)).rejects.toMatchObject({ code });
  });
});
