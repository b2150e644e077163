import { type Action, EditQueue, type Editor } from './edits.ts';
import type { Eventual } from './eventual.ts';
import type { ConnectEvent, HeaderEvent, HeloEvent, MailEvent, RcptEvent } from './events.ts';
import type { Handlers, MessageContext } from './handlers.ts';
import { createMilter, type Milter } from './milter.ts';
import type { MilterOptions } from './options.ts';
import { accept, type MessageVerdict } from './verdicts.ts';

/** How much of the body a filter judges by. */
export type WantedBody =
  | 'none'
  | { readonly prefix: number }
  | { readonly whole: number; readonly overflow: MessageVerdict };

/** A message as far as it was asked for. */
export interface Mail {
  readonly client: ConnectEvent | undefined;
  readonly helo: HeloEvent | undefined;
  readonly sender: MailEvent | undefined;
  /** All that the mail server let through. */
  readonly recipients: readonly RcptEvent[];
  readonly headers: readonly HeaderEvent[];
  /** The value of the first header field of that name. */
  readonly header: (name: string) => string | undefined;
  /** The body, its prefix, or nothing, as the filter wants it. */
  readonly body: Uint8Array;
}

/** What else a filter may use. `edit` has the methods of the declared actions. */
export interface FilterContext<A extends Action> extends Pick<MessageContext<unknown, unknown>, 'macro' | 'signal'> {
  readonly edit: Editor<A>;
}

export interface FilterOptions<A extends Action> extends Omit<
  MilterOptions<A, undefined, undefined>,
  'on' | 'connection' | 'message'
> {
  /** Default: `none`. */
  readonly body?: WantedBody;
}

/** Returns a verdict on a whole message; nothing lets it pass. */
export type Judge<A extends Action> = (
  mail: Mail,
  context: FilterContext<A>,
) => Eventual<MessageVerdict | undefined | void>;

/**
 * A filter in one function, for when a message is judged as a whole: everything is collected without the mail server
 * ever waiting, and the function is called once, as early as what it asked for is there.
 */
export function filter<const A extends Action = never>(judge: Judge<A>, options: FilterOptions<A>): Milter {
  const { body = 'none', ...rest } = options;
  const canEdit = (options.actions ?? []).length > 0;
  return createMilter<A, Client, CollectedMail>({
    ...rest,
    connection: () => ({ client: undefined, helo: undefined }),
    message: (client) => new CollectedMail(client),
    on: { ...collecting<A>(), ...judging(judge, body, canEdit) },
  });
}

interface Client {
  client: ConnectEvent | undefined;
  helo: HeloEvent | undefined;
}

class CollectedMail implements Mail {
  readonly #client: Client;
  sender: MailEvent | undefined;
  readonly recipients: RcptEvent[] = [];
  readonly headers: HeaderEvent[] = [];
  body: Uint8Array = new Uint8Array(0);

  constructor(client: Client) {
    this.#client = client;
  }

  get client(): ConnectEvent | undefined {
    return this.#client.client;
  }

  get helo(): HeloEvent | undefined {
    return this.#client.helo;
  }

  readonly header = (name: string): string | undefined =>
    this.headers.find((field) => field.name.toLowerCase() === name.toLowerCase())?.value;
}

type Collecting<A extends Action> = Handlers<A, Client, CollectedMail>;

function collecting<A extends Action>(): Collecting<A> {
  return {
    connect: {
      observe: (event, { connection }) => {
        connection.client = event;
      },
    },
    helo: {
      observe: (event, { connection }) => {
        connection.helo = event;
      },
    },
    mail: {
      observe: (event, { message }) => {
        message.sender = event;
      },
    },
    rcpt: {
      observe: (event, { message }) => {
        message.recipients.push(event);
      },
    },
    header: {
      observe: (event, { message }) => {
        message.headers.push(event);
      },
    },
  };
}

/** Without edits there is no need to wait for the end: a verdict before it saves the rest. */
function judging<A extends Action>(judge: Judge<A>, body: WantedBody, canEdit: boolean): Collecting<A> {
  const atEnd: NonNullable<Collecting<A>['endOfMessage']> = (_, context) => judge(context.message, context);
  if (body === 'none') {
    if (canEdit) return { endOfMessage: atEnd };
    return { endOfHeaders: async (_, context) => (await judge(context.message, withoutEdits(context))) ?? accept };
  }
  if ('whole' in body) {
    const { whole: maxBytes, overflow } = body;
    return {
      body: {
        mode: 'whole',
        maxBytes,
        overflow,
        handler: (bytes, { message }) => {
          message.body = bytes;
        },
      },
      endOfMessage: atEnd,
    };
  }
  return {
    body: {
      mode: 'prefix',
      bytes: body.prefix,
      handler: async (bytes, context) => {
        context.message.body = bytes;
        return canEdit ? undefined : ((await judge(context.message, withoutEdits(context))) ?? accept);
      },
    },
    ...(canEdit && { endOfMessage: atEnd }),
  };
}

function withoutEdits<A extends Action>(context: MessageContext<unknown, unknown>): FilterContext<A> {
  return {
    macro: context.macro,
    get signal() {
      return context.signal;
    },
    edit: new EditQueue(0),
  };
}
