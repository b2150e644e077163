import { maxPartFields, maxStructuralFieldBytes } from '../limits.ts';

/** The fields of a part by lower-case name, folds undone. */
export type PartFields = ReadonlyMap<string, string>;

const fieldPattern = /^([!-9;-~]+):([\x20-\x7e\t]*)$/; // RFC 5322 §2.2, ASCII only
const continuationPattern = /^[ \t]+[\x21-\x7e][\x20-\x7e\t]*$/; // not white space only: RFC 5322 §4.2 calls that obsolete

/** Collects the header of one part, line by line, and refuses whatever is ambiguous: duplicates, odd names, odd folds. */
export class PartHeader {
  readonly #fields = new Map<string, string>();
  #name: string | undefined;

  /** Takes a line without its CRLF. An empty one ends the header and gives its fields. */
  take(line: string): PartFields | 'more' | 'malformed' {
    if (line === '') return this.#fields;
    if (this.#name !== undefined && continuationPattern.test(line)) {
      // A value that only begins here is read with its line end by some, without by others.
      if (this.#fields.get(this.#name)?.trim() === '') return 'malformed';
      const value = `${this.#fields.get(this.#name) ?? ''}${line}`;
      this.#fields.set(this.#name, value);
      return value.length > maxStructuralFieldBytes ? 'malformed' : 'more';
    }
    const [, name, value] = fieldPattern.exec(line) ?? [];
    if (name === undefined || value === undefined) return 'malformed';
    this.#name = name.toLowerCase();
    if (this.#fields.has(this.#name) || this.#fields.size === maxPartFields) return 'malformed';
    this.#fields.set(this.#name, value);
    return 'more';
  }
}
