import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A conversation on the wire: what the mail server sends, and what the filter answers to it. */
export interface Transcript {
  readonly sent: Buffer;
  readonly answered: Buffer;
  /** Both sides' turns, in their order. */
  readonly turns: readonly { readonly from: 'server' | 'filter'; readonly frame: Buffer }[];
}

/** Reads `< M "<a@b>" 00`: `<` is the mail server, then a command, then hex and quoted text; `#` is a remark. */
export function readTranscript(name: string): Transcript {
  const text = readFileSync(join(import.meta.dirname, 'transcripts', name), 'utf8');
  const turns = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({
      from: line.startsWith('<') ? ('server' as const) : ('filter' as const),
      frame: readFrame(line),
    }));
  const all = (from: string): Buffer =>
    Buffer.concat(turns.filter((turn) => turn.from === from).map((turn) => turn.frame));
  return { turns, sent: all('server'), answered: all('filter') };
}

function readFrame(line: string): Buffer {
  const fields = line.slice(4).match(/"[^"]*"|[0-9a-f]+/g) ?? [];
  const payload = fields.map((field) =>
    field.startsWith('"') ? Buffer.from(field.slice(1, -1), 'latin1') : Buffer.from(field, 'hex'),
  );
  const content = Buffer.concat([Buffer.from(line.charAt(2)), ...payload]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}
