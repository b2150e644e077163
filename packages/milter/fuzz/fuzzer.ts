import { connect } from 'node:net';
import * as fc from 'fast-check';
import { accept, createMilter, type MilterEvent, type MilterServer, reject, tempfail } from '../src/index.ts';
import { frame, strings, uint32 } from '../src/testing/codec.ts';

/** What one run of the fuzzer found out; a breach of an oracle is thrown. */
export interface FuzzReport {
  readonly runs: number;
  readonly frames: number;
  readonly connections: number;
}

const offer = frame('O', uint32(6, 0x1ff, 0x1f_ffff));
const text = fc.uint8Array({ maxLength: 60 });
const command = fc.constantFrom('C', 'H', 'M', 'R', 'T', 'L', 'N', 'B', 'E', 'A', 'Q', 'K', 'D', 'U', 'O');

/** A frame as it should be. */
const goodFrame = fc.oneof(
  fc.constant(frame('C', Buffer.concat([strings('x'), Buffer.from('4'), Buffer.from([0, 25]), strings('192.0.2.1')]))),
  fc.constantFrom(
    frame('H', strings('x')),
    frame('M', strings('<a@b>')),
    frame('R', strings('<c@d>')),
    frame('T'),
    frame('N'),
  ),
  fc.constantFrom(frame('E'), frame('A'), frame('K'), frame('U', strings('XYZZY')), frame('L', strings('X', 'y'))),
  fc.tuple(command, text).map(([code, list]) => frame('D', Buffer.concat([Buffer.from(code), list]))),
  fc.uint8Array({ maxLength: 2000 }).map((bytes) => frame('B', bytes)),
);
/** A frame with anything in it. */
const oddFrame = fc
  .tuple(fc.oneof(command, fc.string({ minLength: 1, maxLength: 1, unit: 'binary-ascii' })), text)
  .map(([code, payload]) => frame(code, payload));
/** Anything. */
const noise = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));

const conversation = fc.record({
  negotiates: fc.boolean(),
  frames: fc.array(
    fc.oneof({ weight: 8, arbitrary: goodFrame }, { weight: 1, arbitrary: oddFrame }, { weight: 1, arbitrary: noise }),
    { maxLength: 30 },
  ),
  cut: fc.nat(2000),
  resets: fc.boolean(),
});

/** The oracles: one answer for each event that is answered, whole frames only, one end for each connection, no leaks. */
export async function fuzz(options: { runs: number; seed?: number; path: string }): Promise<FuzzReport> {
  const events: MilterEvent[] = [];
  let frames = 0;
  let connections = 0;
  const server = await listen(options.path, events);
  try {
    await fc.assert(
      fc.asyncProperty(conversation, async ({ negotiates, frames: sent, cut, resets }) => {
        frames += sent.length;
        connections += 1;
        const stream = Buffer.concat([...(negotiates ? [offer] : []), ...sent]);
        const answers = await talk(options.path, [stream.subarray(0, cut), stream.subarray(cut)], resets);
        checkFrames(answers);
      }),
      { numRuns: options.runs, ...(options.seed !== undefined && { seed: options.seed }) },
    );
  } finally {
    await server.close({ drainMs: 0 });
  }
  checkEvents(events);
  return { runs: options.runs, frames, connections };
}

function listen(path: string, events: MilterEvent[]): Promise<MilterServer> {
  let turn = 0;
  const verdicts = [undefined, accept, undefined, reject, tempfail, undefined];
  const next = () => verdicts[(turn += 1) % verdicts.length];
  return createMilter({
    name: 'fuzzed',
    actions: ['addHeader', 'replaceBody'],
    limits: { headers: 20, recipients: 5 },
    onEvent: (event) => events.push(event),
    on: {
      connect: () => {},
      helo: async () => next(),
      mail: { observe: async () => {} },
      rcpt: () => next(),
      header: { observe: () => {} },
      endOfHeaders: async () => {
        if ((turn += 1) % 7 === 0) throw new Error('a bug');
      },
      body: {
        mode: 'stream',
        handler: async (chunks) => {
          for await (const _ of chunks) if ((turn += 1) % 3 === 0) return;
        },
      },
      endOfMessage: (_, { edit }) => {
        edit.addHeader('X', 'y');
        edit.replaceBody('z');
        return next();
      },
    },
  }).listen({ path });
}

function talk(path: string, chunks: readonly Buffer[], resets: boolean): Promise<Buffer> {
  return new Promise((resolve) => {
    const received: Buffer[] = [];
    const socket = connect(path);
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    socket.on('error', () => {}); // the filter may have closed before all was sent
    socket.on('close', () => resolve(Buffer.concat(received)));
    for (const chunk of chunks) if (chunk.length > 0) socket.write(chunk);
    if (resets) socket.destroySoon();
    else socket.end();
  });
}

function checkFrames(answers: Buffer): void {
  let rest = answers;
  while (rest.length > 0) {
    const length = rest.length < 4 ? 0 : rest.readUInt32BE();
    if (length === 0 || rest.length < 4 + length) throw new Error(`half a frame was sent: ${rest.toString('hex')}`);
    if (!'Ocartdsphby'.includes(String.fromCharCode(rest.readUInt8(4))))
      throw new Error(`an unknown answer: ${rest.toString('hex')}`);
    rest = rest.subarray(4 + length);
  }
}

function checkEvents(events: readonly MilterEvent[]): void {
  const byConnection = new Map<number, MilterEvent[]>();
  for (const event of events) {
    const connection = 'connection' in event ? event.connection : 0;
    byConnection.set(connection, [...(byConnection.get(connection) ?? []), event]);
  }
  for (const [connection, own] of byConnection) {
    const count = (kind: MilterEvent['kind']): number => own.filter((event) => event.kind === kind).length;
    const story = own.map((event) => event.kind).join(', ');
    const negotiated = count('connection.negotiated');
    if (negotiated > 1) throw new Error(`connection ${connection} was negotiated twice: ${story}`);
    if (count('connection.closed') !== negotiated)
      throw new Error(`connection ${connection} did not end once: ${story}`);
    if (count('connection.refused') + count('connection.stranger') > 1) {
      throw new Error(`connection ${connection} was refused twice: ${story}`);
    }
  }
}
