import { isIPv4 } from 'node:net';

/** Counts open connections by where they come from, in memory and only while they last. */
export class SourceCount {
  readonly #open = new Map<string, number>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes a place for this source, or answers false when it has as many as it may. */
  take(address: string): boolean {
    const source = sourceOf(address);
    const open = this.#open.get(source) ?? 0;
    if (open >= this.#limit) return false;
    this.#open.set(source, open + 1);
    return true;
  }

  release(address: string): void {
    const source = sourceOf(address);
    const open = this.#open.get(source) ?? 0;
    if (open <= 1) this.#open.delete(source);
    else this.#open.set(source, open - 1);
  }

  get size(): number {
    return this.#open.size;
  }
}

/** What one visitor cannot easily have more of: an IPv4 address, an IPv6 /64 (RFC 6177 gives every site one or more). */
export function sourceOf(address: string): string {
  const mapped = address.replace(/^::ffff:/i, '');
  if (isIPv4(mapped)) return mapped;
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array.from({ length: zeros }, () => '0'), ...back];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
    .join(':');
}
