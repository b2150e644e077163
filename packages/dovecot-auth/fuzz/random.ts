/** Characters that mean something to one of the protocols. */
const SPICE = [
  '\t',
  '\n',
  '\r',
  '\0',
  '\x01',
  '\x01t',
  ' ',
  '=',
  '/',
  '"',
  '\\',
  '$',
  '-1',
  '0',
  '4294967295',
  '4294967296',
  '9'.repeat(40),
  '\xff',
  '\xc3\xa9',
  'resp=',
  'user=',
  '@',
  '*',
  'A'.repeat(5_000),
];

/** A generator that repeats itself for the same seed (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) % limit;
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.below(from.length)];
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  }

  text(): string {
    return Array.from({ length: this.below(6) }, () => this.pick(SPICE)).join('');
  }

  /** The text with up to three accidents. */
  mutate(text: string): string {
    let mutated = text;
    for (let accidents = this.below(4); accidents > 0; accidents -= 1) {
      const at = this.below(mutated.length + 1);
      const length = this.below(5);
      mutated = mutated.slice(0, at) + (this.below(2) === 0 ? this.pick(SPICE) : '') + mutated.slice(at + length);
    }
    return mutated;
  }

  /** The same bytes in pieces. */
  pieces(bytes: Buffer): Buffer[] {
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length;) {
      const size = 1 + this.below(200);
      pieces.push(bytes.subarray(at, at + size));
      at += size;
    }
    return pieces;
  }
}
