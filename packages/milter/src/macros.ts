import { Command } from './wire/constants.ts';

/** Newest first, as libmilter looks macros up. libmilter smfi.c smfi_getsymval() */
const slotOf = new Map<number, number>([
  [Command.connect, 0],
  [Command.helo, 1],
  [Command.mail, 2],
  [Command.rcpt, 3],
  [Command.data, 4],
  // Postfix sends the end-of-headers list with every header field, and the end-of-message list with every chunk.
  [Command.header, 5],
  [Command.endOfHeaders, 5],
  [Command.body, 6],
  [Command.endOfMessage, 6],
]);
const mailSlot = 2;
const lastClearingSlot = 3;

interface Slot {
  list: Buffer;
  values: Map<string, string> | undefined;
}

/** The macros of one connection, by stage. A list is parsed when one of its macros is first asked for. */
export class MacroStore {
  readonly #slots: (Slot | undefined)[] = [];
  readonly #maxMacros: number;

  constructor(maxMacros: number) {
    this.#maxMacros = maxMacros;
  }

  /** Takes a list; that of a connection, HELO, MAIL or RCPT makes those of later stages obsolete. libmilter mi_clr_macros() */
  set(stage: number, list: Buffer): void {
    const slot = slotOf.get(stage);
    if (slot === undefined) return; // as in libmilter
    if (slot <= lastClearingSlot) this.#slots.length = Math.min(this.#slots.length, slot + 1);
    if (this.#slots[slot]?.list.equals(list)) return;
    this.#slots[slot] = list.length === 0 ? undefined : { list: Buffer.from(list), values: undefined };
  }

  /** @param name with or without braces. */
  get(name: string): string | undefined {
    const key = bare(name);
    for (let slot = this.#slots.length - 1; slot >= 0; slot -= 1) {
      const stored = this.#slots[slot];
      if (stored === undefined) continue;
      stored.values ??= parseMacros(stored.list, this.#maxMacros);
      const value = stored.values.get(key);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** Forgets what belongs to a message, and keeps what belongs to the connection. */
  clearMessage(): void {
    this.#slots.length = Math.min(this.#slots.length, mailSlot);
  }

  clear(): void {
    this.#slots.length = 0;
  }
}

/** Never throws: other filters broke on odd lists, on empty ones, and on ones without a last NUL. */
function parseMacros(list: Buffer, maxMacros: number): Map<string, string> {
  const values = new Map<string, string>();
  let at = 0;
  while (at < list.length && values.size < maxMacros) {
    const nameEnd = list.indexOf(0, at);
    if (nameEnd === -1) break;
    const found = list.indexOf(0, nameEnd + 1);
    const valueEnd = found === -1 ? list.length : found;
    if (found === -1 && nameEnd + 1 >= list.length) break;
    values.set(bare(list.toString('utf8', at, nameEnd)), list.toString('utf8', nameEnd + 1, valueEnd));
    at = valueEnd + 1;
  }
  return values;
}

/** `{i}` and `i` are the same macro. */
function bare(name: string): string {
  return name.startsWith('{') && name.endsWith('}') ? name.slice(1, -1) : name;
}
