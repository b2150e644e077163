import { createHash } from 'node:crypto';

/**
 * A header field as the `relaxed` algorithm wants it (RFC 6376 §3.4.2), without its line end. Bytes stand as Latin-1
 * characters, one each.
 *
 * @param value what follows the colon, folds included.
 */
export function relaxedField(name: string, value: string): string {
  const unfolded = value.replace(/[\r\n]+/g, '').replace(/[ \t]+/g, ' ');
  return `${name.trimEnd().toLowerCase()}:${unfolded.replace(/^ | $/g, '')}`;
}

const cr = 0x0d;
const lf = 0x0a;
const emptyLines = Buffer.from('\r\n'.repeat(1024));

/** The SHA-256 of a body by the `simple` algorithm (RFC 6376 §3.4.3), as its pieces come; holds nothing of them. */
export class SimpleBodyHash {
  readonly #hash = createHash('sha256');
  /** CRLFs that the body may end with: they count only if something follows. */
  #heldLines = 0;
  #holdsCr = false;

  update(chunk: Uint8Array): void {
    let start = 0;
    for (; start < chunk.length; start += 1) {
      const byte = chunk[start];
      if (this.#holdsCr) {
        this.#holdsCr = false;
        if (byte === lf) {
          this.#heldLines += 1;
          continue;
        }
        this.#release();
        this.#hash.update('\r');
      }
      if (byte !== cr) break;
      this.#holdsCr = true;
    }
    if (start === chunk.length) return;
    this.#release();
    let end = chunk.length;
    if (chunk[end - 1] === cr) {
      this.#holdsCr = true;
      end -= 1;
    }
    for (; end - 2 >= start && chunk[end - 2] === cr && chunk[end - 1] === lf; end -= 2) this.#heldLines += 1;
    this.#hash.update(chunk.subarray(start, end));
  }

  /** @returns the hash in base64; nothing can be added then. */
  digest(): string {
    if (this.#holdsCr) {
      this.#release();
      this.#hash.update('\r');
    }
    return this.#hash.update('\r\n').digest('base64');
  }

  #release(): void {
    for (; this.#heldLines > 0; this.#heldLines -= Math.min(this.#heldLines, 1024))
      this.#hash.update(emptyLines.subarray(0, 2 * Math.min(this.#heldLines, 1024)));
  }
}
