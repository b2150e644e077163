import type { EditQueue, NewBody } from './edits.ts';
import { Reply } from './wire/constants.ts';
import type { SessionOutput } from './output.ts';
import { encodeFrame } from './wire/frames.ts';

interface WriteOptions {
  readonly output: SessionOutput;
  readonly chunkBytes: number;
  readonly isAborted: () => boolean;
}

/**
 * Sends the edits of a message: envelope, headers, body, quarantine. Nothing may come between two body packets, not
 * even progress: Postfix takes the body for complete then (milter8.c, "can't currently be mixed").
 *
 * @returns a promise only for a body that comes piece by piece.
 */
export function writeEdits(edits: EditQueue, options: WriteOptions): Promise<void> | undefined {
  const { output } = options;
  for (const frame of edits.framesBeforeBody) output.send(frame);
  const { body } = edits;
  const writeQuarantine = (): void => {
    if (edits.quarantineFrame !== undefined) output.send(edits.quarantineFrame);
  };
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
    if (body !== undefined) writeWhole(Buffer.from(body), options);
    writeQuarantine();
    return undefined;
  }
  return writePieces(body, options).then(writeQuarantine);
}

function writeWhole(body: Buffer, { output, chunkBytes }: WriteOptions): void {
  // One empty packet is an empty body.
  for (let at = 0; at === 0 || at < body.length; at += chunkBytes) {
    output.send(encodeFrame(Reply.replaceBody, body.subarray(at, at + chunkBytes)));
  }
}

async function writePieces(body: Exclude<NewBody, string | Uint8Array>, options: WriteOptions): Promise<void> {
  let isEmpty = true;
  for await (const piece of body) {
    checkAlive(options);
    if (piece.length === 0) continue;
    isEmpty = false;
    writeWhole(Buffer.from(piece.buffer, piece.byteOffset, piece.length), options);
    await options.output.room();
  }
  checkAlive(options);
  if (isEmpty) writeWhole(Buffer.alloc(0), options);
}

function checkAlive({ isAborted }: WriteOptions): void {
  if (isAborted()) throw new Error('the message was aborted while its body was being replaced');
}
