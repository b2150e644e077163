/**
 * The other side of the protocol, written apart from the filter's own codec: what one misreads the other does not
 * excuse. It takes the simplest way everywhere, since a test has time.
 */

/** One packet of a filter, as the mail server reads it. */
export type FilterPacket =
  | { readonly kind: 'continue' | 'accept' | 'reject' | 'tempfail' | 'discard' | 'skip' | 'shutdown' }
  | { readonly kind: 'progress' }
  | { readonly kind: 'reply'; readonly text: string }
  | {
      readonly kind: 'negotiation';
      readonly version: number;
      readonly actions: number;
      readonly protocol: number;
      readonly macros: readonly MacroRequest[];
    }
  | FilterEdit;

export interface MacroRequest {
  readonly stage: number;
  readonly names: readonly string[];
}

/** A change to the message, in the order in which the filter sent it. */
export type FilterEdit =
  | { readonly kind: 'addHeader'; readonly name: string; readonly value: string }
  | {
      readonly kind: 'insertHeader' | 'changeHeader';
      readonly index: number;
      readonly name: string;
      readonly value: string;
    }
  | { readonly kind: 'changeSender' | 'addRecipient'; readonly address: string; readonly parameters: string }
  | { readonly kind: 'deleteRecipient'; readonly address: string }
  | { readonly kind: 'replaceBody'; readonly bytes: Buffer }
  | { readonly kind: 'quarantine'; readonly reason: string };

/** The filter said something that no mail server understands. */
export class FilterProtocolError extends Error {
  override readonly name = 'FilterProtocolError';
}

export function frame(command: string, payload: Uint8Array | string = ''): Buffer {
  const content = Buffer.concat([Buffer.from(command, 'latin1'), Buffer.from(payload)]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}

/** Every string with a NUL behind it. */
export function strings(...values: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(values.flatMap((value) => [Buffer.from(value), Buffer.from([0])]));
}

export function uint32(...values: readonly number[]): Buffer {
  return Buffer.concat(
    values.map((value) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes;
    }),
  );
}

export function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

const emptyPackets: Readonly<
  Record<string, 'continue' | 'accept' | 'reject' | 'tempfail' | 'discard' | 'skip' | 'progress' | 'shutdown'>
> = {
  c: 'continue',
  a: 'accept',
  r: 'reject',
  t: 'tempfail',
  d: 'discard',
  s: 'skip',
  p: 'progress',
  '4': 'shutdown',
};

/** Reads a filter's frame as strictly as Postfix does. @throws FilterProtocolError */
export function decodePacket(content: Buffer): FilterPacket {
  const code = content.toString('latin1', 0, 1);
  const payload = content.subarray(1);
  const empty = emptyPackets[code];
  if (empty !== undefined) {
    if (payload.length > 0) throw new FilterProtocolError(`"${code}" was followed by ${payload.length} bytes`);
    return { kind: empty };
  }
  switch (code) {
    case 'y':
      return { kind: 'reply', text: replyText(payload) };
    case 'O':
      return readNegotiation(payload);
    case 'h': {
      const [name, value] = splitStrings(payload, 2, 2);
      return { kind: 'addHeader', name: text(name), value: text(value) };
    }
    case 'i':
    case 'm': {
      if (payload.length < 4) throw new FilterProtocolError(`"${code}" has no index`);
      const [name, value] = splitStrings(payload.subarray(4), 2, 2);
      const index = payload.readUInt32BE();
      return { kind: code === 'i' ? 'insertHeader' : 'changeHeader', index, name: text(name), value: text(value) };
    }
    case 'e':
    case '2':
    case '+': {
      const [address, parameters] = splitStrings(payload, 1, code === '+' ? 1 : 2);
      return {
        kind: code === 'e' ? 'changeSender' : 'addRecipient',
        address: text(address),
        parameters: text(parameters),
      };
    }
    case '-':
      return { kind: 'deleteRecipient', address: text(splitStrings(payload, 1, 1)[0]) };
    case 'b':
      return { kind: 'replaceBody', bytes: payload };
    case 'q':
      return { kind: 'quarantine', reason: text(splitStrings(payload, 1, 1)[0]) };
    default:
      throw new FilterProtocolError(`the filter answered ${JSON.stringify(code)}, which is no answer`);
  }
}

function readNegotiation(payload: Buffer): FilterPacket {
  if (payload.length < 12) throw new FilterProtocolError('the negotiation has less than 12 bytes');
  const macros: MacroRequest[] = [];
  let rest = payload.subarray(12);
  while (rest.length > 0) {
    const end = rest.indexOf(0, 4);
    if (rest.length < 5 || end === -1) throw new FilterProtocolError('a macro request is cut off');
    const names = rest.toString('latin1', 4, end);
    macros.push({ stage: rest.readUInt32BE(), names: names.split(/[ ,]+/).filter((name) => name !== '') });
    rest = rest.subarray(end + 1);
  }
  return {
    kind: 'negotiation',
    version: payload.readUInt32BE(0),
    actions: payload.readUInt32BE(4),
    protocol: payload.readUInt32BE(8),
    macros,
  };
}

/** Postfix's own check, of its newest release. postfix src/milter/milter8.c milter8_valid_smtp_reply() */
function replyText(payload: Buffer): string {
  const reply = text(payload.at(-1) === 0 ? payload.subarray(0, -1) : payload);
  const lines = reply.split('\r\n');
  const isMalformed = lines.some((line, index) => {
    const separator = index === lines.length - 1 ? ' ' : '-';
    const hasOtherClass = /\d/.test(line.charAt(4)) && line.charAt(4) !== line.charAt(0);
    return !/^[45]\d\d[ -][^\0\r\n]*$/.test(line) || line.charAt(3) !== separator || hasOtherClass;
  });
  if (isMalformed) throw new FilterProtocolError(`malformed reply: ${JSON.stringify(reply)}`);
  // A single % is dropped: it was meant to be doubled. milter8.c milter8_event()
  return reply.replaceAll(/%(.?)/g, '$1');
}

function splitStrings(payload: Buffer, min: number, max: number): Buffer[] {
  const found: Buffer[] = [];
  let rest = payload;
  while (rest.length > 0) {
    const end = rest.indexOf(0);
    if (end === -1) throw new FilterProtocolError('a string does not end with a NUL');
    found.push(rest.subarray(0, end));
    rest = rest.subarray(end + 1);
  }
  if (found.length < min) throw new FilterProtocolError(`there are ${found.length} strings where ${min} belong`);
  if (found.length > max) throw new FilterProtocolError(`there are left-over data behind ${max} strings`);
  return found;
}

function text(bytes: Buffer | undefined): string {
  return (bytes ?? Buffer.alloc(0)).toString();
}
