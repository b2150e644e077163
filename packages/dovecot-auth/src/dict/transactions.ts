import { DovecotProtocolError } from '../errors.ts';
import type { DictTransaction } from './handlers.ts';
import type { DictChange, DictMessage } from './messages.ts';

/** Open transactions of one connection, and changes in one of them: Dovecot's own use stays below ten of each. */
const MAX_OPEN = 100;
const MAX_CHANGES = 10_000;

interface OpenTransaction {
  readonly user: string;
  readonly expireSeconds: number;
  readonly changes: DictChange[];
  timestampSeconds?: number;
}

/** A transaction and the user who made it. */
export interface TakenTransaction {
  readonly user: string;
  readonly transaction: DictTransaction;
}

type Begin = Extract<DictMessage, { kind: 'begin' }>;
type Edit = Extract<DictMessage, { kind: 'change' | 'timestamp' }>;

/**
 * The transactions that one connection has open. They belong to the connection: every Dovecot process counts its ids
 * from one, and mixing two processes' transactions would write one user's change into another's.
 */
export class Transactions {
  readonly #open = new Map<number, OpenTransaction>();

  /** @throws DovecotProtocolError `out-of-order` or `too-many-requests`. */
  begin({ id, user, expireSeconds }: Begin): void {
    if (this.#open.has(id)) throw new DovecotProtocolError('out-of-order', 'a dict client began a transaction twice');
    if (this.#open.size >= MAX_OPEN) {
      throw new DovecotProtocolError('too-many-requests', `a dict client has more than ${MAX_OPEN} transactions open`);
    }
    this.#open.set(id, { user, expireSeconds, changes: [] });
  }

  /** @throws DovecotProtocolError `out-of-order` or `too-many-requests`. */
  edit(message: Edit): void {
    const open = this.#get(message.id);
    if (message.kind === 'timestamp') {
      open.timestampSeconds = message.seconds;
      return;
    }
    if (open.changes.length >= MAX_CHANGES) {
      throw new DovecotProtocolError('too-many-requests', `a dict transaction has more than ${MAX_CHANGES} changes`);
    }
    open.changes.push(message.change);
  }

  /** Takes a transaction out, to be committed or forgotten. @throws DovecotProtocolError `out-of-order`. */
  take(id: number): TakenTransaction {
    const { user, ...transaction } = this.#get(id);
    this.#open.delete(id);
    return { user, transaction };
  }

  #get(id: number): OpenTransaction {
    const open = this.#open.get(id);
    if (open === undefined) {
      throw new DovecotProtocolError('out-of-order', 'a dict client spoke of a transaction that it had not begun');
    }
    return open;
  }
}
