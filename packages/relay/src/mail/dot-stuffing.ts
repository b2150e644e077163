const lf = 0x0a;
const dot = 0x2e;
const crlf = Buffer.from('\r\n');

/**
 * A message as DATA carries it (RFC 5321 §4.5.2), piece by piece: a line that starts with a dot gets another, and the last
 * line its end. Lines that end in LF alone count too, because Postfix reads them as lines.
 */
export async function* dotStuffed(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let isLineStart = true;
  let last: Uint8Array = crlf;
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue;
    let start = 0;
    for (let at = isLineStart ? 0 : nextLine(chunk, 0); at !== -1; at = nextLine(chunk, at)) {
      if (chunk[at] !== dot) continue;
      yield chunk.subarray(start, at + 1);
      start = at;
    }
    yield chunk.subarray(start);
    isLineStart = chunk.at(-1) === lf;
    last = Buffer.concat([last, chunk.subarray(-2)]).subarray(-2);
  }
  if (!crlf.equals(last)) yield crlf;
}

/** Where the line after the one at `from` starts, if that is in the chunk. */
function nextLine(chunk: Uint8Array, from: number): number {
  const end = chunk.indexOf(lf, from);
  return end === -1 || end + 1 === chunk.length ? -1 : end + 1;
}
