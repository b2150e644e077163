import { createHmac } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import type { SpentBudget } from './policy.ts';
import type { AccountSettings, Budget } from './settings.ts';

/** More sources than this in one window are let through uncounted: the relay's own budget holds in any case. */
const maxSources = 100_000;

/** Counts new accounts, in memory only; a source is known by a keyed hash of its network, never by its address. */
export class CreationBudgets {
  readonly #settings: AccountSettings['budgets'];
  readonly #key: Uint8Array;
  readonly #relay = new Window();
  readonly #automatic = new Window();
  readonly #sources = new Map<string, Window>();

  /** @param key random, and new in every process. */
  constructor(settings: AccountSettings['budgets'], key: Uint8Array) {
    this.#settings = settings;
    this.#key = key;
  }

  /** Those that have nothing left. @param seconds now. */
  spent(remoteAddress: string | undefined, seconds: number): SpentBudget[] {
    const source = this.#sourceOf(remoteAddress);
    const { perSource, relay, automatic } = this.#settings;
    const spent: SpentBudget[] = [];
    if (source !== undefined && this.#sources.get(source)?.isFull(perSource, seconds)) spent.push('source');
    if (this.#relay.isFull(relay, seconds)) spent.push('relay');
    if (this.#automatic.isFull(automatic, seconds)) spent.push('automatic');
    return spent;
  }

  /** Counts an account that is about to be made. @returns what takes it back when it was not. */
  take(remoteAddress: string | undefined, isAutomatic: boolean, seconds: number): () => void {
    const windows = [this.#relay, ...(isAutomatic ? [this.#automatic] : []), ...this.#windowOf(remoteAddress, seconds)];
    for (const window of windows) window.add(seconds);
    return () => {
      for (const window of windows) window.remove(seconds);
    };
  }

  #windowOf(remoteAddress: string | undefined, seconds: number): Window[] {
    const source = this.#sourceOf(remoteAddress);
    if (source === undefined) return [];
    const known = this.#sources.get(source);
    if (known !== undefined) return [known];
    if (this.#sources.size >= maxSources) this.#forgetIdle(seconds);
    if (this.#sources.size >= maxSources) return [];
    const window = new Window();
    this.#sources.set(source, window);
    return [window];
  }

  #forgetIdle(seconds: number): void {
    for (const [source, window] of this.#sources) {
      if (window.isEmpty(this.#settings.perSource, seconds)) this.#sources.delete(source);
    }
  }

  #sourceOf(remoteAddress: string | undefined): string | undefined {
    const network = networkOf(remoteAddress);
    return network && createHmac('sha256', this.#key).update(network).digest('base64url').slice(0, 16);
  }
}

/**
 * The /24 (IPv4) or /64 (IPv6) of an address: what one person can easily have many of. Undefined for the machine itself:
 * behind a proxy on it stands everybody.
 */
export function networkOf(remoteAddress: string | undefined): string | undefined {
  if (remoteAddress === undefined) return undefined;
  const address = remoteAddress.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (isIPv4(address)) return address.startsWith('127.') ? undefined : address.split('.').slice(0, 3).join('.');
  if (!isIPv6(address) || address === '::1') return undefined;
  const [head = '', tail] = address.split('::');
  const headGroups = head === '' ? [] : head.split(':');
  const tailGroups = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - headGroups.length - tailGroups.length;
  const groups = [...headGroups, ...Array.from({ length: zeros }, () => '0'), ...tailGroups];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

/** When things happened, as far back as the budget's window. */
class Window {
  #times: number[] = [];

  add(seconds: number): void {
    this.#times.push(seconds);
  }

  remove(seconds: number): void {
    const at = this.#times.lastIndexOf(seconds);
    if (at !== -1) this.#times.splice(at, 1);
  }

  isFull(budget: Budget, seconds: number): boolean {
    return this.#within(budget, seconds) >= budget.count;
  }

  isEmpty(budget: Budget, seconds: number): boolean {
    return this.#within(budget, seconds) === 0;
  }

  #within(budget: Budget, seconds: number): number {
    const from = seconds - budget.windowSeconds;
    // A clock that was set back leaves times in the future: they count, and go when the clock has passed them.
    const keep = this.#times.findIndex((time) => time > from);
    if (keep !== 0) this.#times = keep === -1 ? [] : this.#times.slice(keep);
    return this.#times.length;
  }
}
