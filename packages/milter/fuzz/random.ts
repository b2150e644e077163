/** Numbers that follow from one number. Marsaglia, "Xorshift RNGs", 2003. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed ^ 0x9e37_79b9 || 1;
  }

  /** A whole number from 0, below a limit. */
  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }

  bytes(maxLength: number): Buffer {
    const bytes = Buffer.alloc(this.below(maxLength + 1));
    for (let at = 0; at < bytes.length; at += 1) bytes[at] = this.below(256);
    return bytes;
  }

  of<T>(values: readonly [T, ...T[]]): T {
    return values[this.below(values.length)] ?? values[0];
  }
}
