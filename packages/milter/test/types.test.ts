import { describe, expectTypeOf, it } from 'vitest';
import {
  accept,
  createMilter,
  discard,
  type Editor,
  filter,
  type HeaderEvent,
  type HeloEvent,
  type Mail,
  type Observer,
  reject,
  reply,
  skip,
  tempfail,
} from '../src/index.ts';

// What must not compile is checked by tsc, which fails on an @ts-expect-error without an error.
describe('the types', () => {
  it('let a handler return the verdicts of its stage, and nothing else', () => {
    createMilter({
      name: 'x',
      on: {
        connect: () => reject,
        helo: async () => tempfail,
        rcpt: () => reply(452, '4.2.2', 'full'),
        mail: () => discard,
        body: () => skip,
        unknown: () => reject,
        endOfMessage: async () => (Date.now() > 0 ? accept : undefined),
      },
    });
    expectTypeOf(accept.kind).toEqualTypeOf<'accept'>();
    // @ts-expect-error a connection cannot be discarded
    createMilter({ name: 'x', on: { connect: () => discard } });
    // @ts-expect-error a HELO cannot be discarded
    createMilter({ name: 'x', on: { helo: async () => discard } });
    // @ts-expect-error only a body is skipped
    createMilter({ name: 'x', on: { rcpt: () => skip } });
    // @ts-expect-error only a body is skipped
    createMilter({ name: 'x', on: { endOfMessage: () => skip } });
    // @ts-expect-error a command is not accepted
    createMilter({ name: 'x', on: { unknown: () => accept } });
    // @ts-expect-error a string is no verdict
    createMilter({ name: 'x', on: { mail: () => 'accept' } });
  });

  it('let an observer return nothing', () => {
    expectTypeOf<Observer<HeloEvent, undefined>['observe']>().returns.toEqualTypeOf<void | Promise<void>>();
    createMilter({ name: 'x', on: { mail: { observe: () => {} }, header: { observe: async () => {} } } });
    // @ts-expect-error nobody waits for it
    createMilter({ name: 'x', on: { mail: { observe: () => accept } } });
    // @ts-expect-error nobody waits for it
    createMilter({ name: 'x', on: { header: { observe: async () => reject } } });
    // @ts-expect-error the end of a message is always answered
    createMilter({ name: 'x', on: { endOfMessage: { observe: () => {} } } });
  });

  it('offer the edits that were declared', () => {
    createMilter({
      name: 'x',
      actions: ['addHeader', 'quarantine'],
      on: {
        endOfMessage: (_, { edit }) => {
          expectTypeOf(edit).toEqualTypeOf<Editor<'addHeader' | 'quarantine'>>();
          expectTypeOf<keyof typeof edit>().toEqualTypeOf<'addHeader' | 'insertHeader' | 'quarantine'>();
        },
      },
    });
    createMilter({
      name: 'x',
      on: {
        endOfMessage: (_, { edit }) => {
          expectTypeOf<keyof typeof edit>().toEqualTypeOf<never>();
        },
      },
    });
    createMilter({
      name: 'x',
      actions: ['addHeader'],
      on: {
        // @ts-expect-error only the end of a message has an editor
        mail: (_, { edit }) => {
          edit.addHeader('X', 'y');
        },
      },
    });
    // @ts-expect-error there is no such action
    createMilter({ name: 'x', actions: ['explode'], on: {} });
  });

  it('carry the states of connection and message', () => {
    createMilter({
      name: 'x',
      connection: () => ({ messages: 0 }),
      message: (connection) => ({ number: connection.messages }),
      on: {
        connect: (_, context) => {
          expectTypeOf(context.connection).toEqualTypeOf<{ messages: number }>();
          // @ts-expect-error there is no message yet
          void context.message;
        },
        mail: { observe: (_, context) => void expectTypeOf(context.message).toEqualTypeOf<{ number: number }>() },
        body: {
          mode: 'stream',
          handler: (chunks) => void expectTypeOf(chunks).toEqualTypeOf<AsyncIterable<Uint8Array>>(),
        },
      },
    });
  });

  it('hold for a filter of one function', () => {
    expectTypeOf<Mail['headers']>().toEqualTypeOf<readonly HeaderEvent[]>();
    filter((_, { edit }) => edit.addHeader('X', 'y'), { name: 'x', actions: ['addHeader'] });
    // @ts-expect-error not declared
    filter((_, { edit }) => edit.addHeader('X', 'y'), { name: 'x' });
    // @ts-expect-error not a verdict on a message
    filter(() => skip, { name: 'x' });
  });
});
