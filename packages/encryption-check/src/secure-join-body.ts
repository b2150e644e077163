import type { Problem } from './finding.ts';
import { maxBlankLines } from './limits.ts';
import { LineReader } from './mime/line.ts';
import { PartHeader } from './mime/part-header.ts';
import { partProblem, secureJoinPart } from './mime/part-rules.ts';
import type { Direction } from './mime/part-rules.ts';
import type { CleartextReason } from './reasons.ts';

/**
 * The body of a SecureJoin request: one text/plain part with one line, which says what the header says. Delta Chat sends
 * it in the clear because the two sides do not know each other's keys yet (core's securejoin.rs, before version 2.45).
 */
export class SecureJoinBody {
  readonly #delimiter: string;
  readonly #closeDelimiter: string;
  readonly #request: string;
  readonly #direction: Direction;
  readonly #lines = new LineReader();
  readonly #header = new PartHeader();
  #place: 'preamble' | 'header' | 'text' | 'after-text' | 'epilogue' = 'preamble';
  #blankLines = 0;

  problem: Problem | undefined;

  constructor(boundary: string, request: string, direction: Direction) {
    this.#delimiter = `--${boundary}`;
    this.#closeDelimiter = `--${boundary}--`;
    this.#request = request;
    this.#direction = direction;
  }

  push(chunk: Buffer, offset: number): void {
    let at = 0;
    while (at < chunk.length && this.problem === undefined) {
      at = this.#lines.take(chunk, at, offset + at);
      this.problem = this.#lines.problem;
      if (this.#lines.line !== undefined) this.#takeLine(this.#lines.line);
    }
  }

  /** The end of the message, `offset` bytes from its start: a problem, or nothing when it is a request. */
  end(offset: number): Problem | undefined {
    if (this.problem === undefined && this.#lines.isOpen) this.#takeLine(this.#lines.rest);
    if (this.problem !== undefined) return this.problem;
    return this.#place === 'epilogue' ? undefined : { reason: 'body-truncated', offset };
  }

  #takeLine(line: string): void {
    const reason = this.#reasonAgainst(line);
    if (reason !== undefined) this.problem = { reason, offset: this.#lines.start };
  }

  #reasonAgainst(line: string): CleartextReason | undefined {
    switch (this.#place) {
      case 'preamble':
        return line === this.#delimiter ? this.#go('header') : this.#blankOr(line, 'preamble');
      case 'header': {
        const fields = this.#header.take(line);
        if (fields === 'more') return undefined;
        if (fields === 'malformed') return 'part-header';
        return partProblem(fields, secureJoinPart, this.#direction) ?? this.#go('text');
      }
      case 'text':
        if (trimBlanks(line).toLowerCase() === `secure-join: ${this.#request}`) return this.#go('after-text');
        return this.#blankOr(line, 'secure-join-shape');
      case 'after-text':
        return line === this.#closeDelimiter ? this.#go('epilogue') : this.#blankOr(line, 'secure-join-shape');
      case 'epilogue':
        return this.#blankOr(line, 'epilogue');
    }
    return this.#place satisfies never;
  }

  #go(place: 'header' | 'text' | 'after-text' | 'epilogue'): undefined {
    this.#place = place;
    this.#blankLines = 0;
  }

  #blankOr(line: string, otherwise: CleartextReason): CleartextReason | undefined {
    if (line !== '') return otherwise;
    this.#blankLines += 1;
    return this.#blankLines > maxBlankLines ? 'blank-lines' : undefined;
  }
}

/** `trim()` would also take vertical tabs and no-break spaces for nothing. */
function trimBlanks(line: string): string {
  return line.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '');
}
