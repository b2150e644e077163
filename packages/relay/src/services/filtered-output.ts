import { execFileSync } from 'node:child_process';
import { constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';

/** Postfix writes half a dozen lines for each message: we wake up once for them, not for each. */
const pauseMs = 250;

/** As much as a pipe holds (pipe(7)). */
const pipeBytes = 65_536;

/** Of a longer line nobody would read the rest. */
const maxLineLength = 65_536;

/**
 * A pipe whose lines are passed on to standard error as far as they are worth keeping. It is a FIFO with a name as long
 * as somebody writes: Postfix opens /dev/stdout again, which neither the socket pair that Node calls a pipe nor a file
 * without a name allows (postfix src/util/safe_open.c).
 *
 * @returns the descriptor of its writing end.
 */
export function filteredOutput(keepLine: (line: string) => string | undefined): number {
  const folder = mkdtempSync(join(tmpdir(), 'postern-log-'));
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', ['-m', '600', path]);
  const lines = new Lines((line) => {
    const kept = keepLine(line);
    if (kept !== undefined) process.stderr.write(`${kept}\n`);
  });
  const input = new Socket({
    fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK),
    onread: {
      buffer: Buffer.alloc(pipeBytes),
      callback: (length, buffer) => {
        lines.add(Buffer.from(buffer.buffer, buffer.byteOffset, length));
        if (length === buffer.length) return true; // Postfix may be waiting for room
        setTimeout(() => input.resume(), pauseMs);
        return false; // reads no more until then
      },
    },
  });
  input.resume();
  input.once('close', () => {
    lines.end();
    rmSync(folder, { recursive: true, force: true });
  });
  return openSync(path, constants.O_WRONLY);
}

/** Puts lines together from pieces of a stream. */
class Lines {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder();
  #begun = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(piece: Buffer): void {
    const lines = (this.#begun + this.#decoder.write(piece)).split('\n');
    this.#begun = (lines.pop() ?? '').slice(0, maxLineLength);
    for (const line of lines) this.#onLine(line);
  }

  end(): void {
    if (this.#begun !== '') this.#onLine(this.#begun);
  }
}
