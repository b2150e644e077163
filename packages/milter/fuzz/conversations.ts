import * as fc from 'fast-check';
import { frame, strings } from '../src/testing/codec.ts';

/** What a fuzzed mail server says, and how. */
export interface FuzzedConversation {
  readonly negotiates: boolean;
  readonly frames: readonly FuzzedFrame[];
  /** One frame after another, each waiting for its answer as a mail server would; or all at once, cut into two pieces. */
  readonly isPolite: boolean;
  readonly cut: number;
  /** Whether the socket is thrown away rather than ended. */
  readonly resets: boolean;
}

export interface FuzzedFrame {
  readonly bytes: Buffer;
  /** The command of a frame as it should be; nothing when there is no telling what becomes of it. */
  readonly command: string | undefined;
}

const text = fc.uint8Array({ maxLength: 60 });
const commands = ['C', 'H', 'M', 'R', 'T', 'L', 'N', 'B', 'E', 'A', 'Q', 'K', 'D', 'U', 'O'];
const command = fc.constantFrom(...commands);

const client = Buffer.concat([strings('x'), Buffer.from('4'), Buffer.from([0, 25]), strings('192.0.2.1')]);
const good = (code: string, payload: Uint8Array | string = ''): FuzzedFrame => ({
  bytes: frame(code, payload),
  command: code,
});

const goodFrame: fc.Arbitrary<FuzzedFrame> = fc.oneof(
  fc.constantFrom(good('C', client), good('H', strings('x')), good('U', strings('XYZZY'))),
  fc.constantFrom(good('M', strings('<a@b>')), good('R', strings('<c@d>')), good('T')),
  fc.constantFrom(good('L', strings('X', 'y')), good('N'), good('E'), good('A'), good('K')),
  fc.tuple(command, text).map(([code, list]) => good('D', Buffer.concat([Buffer.from(code), list]))),
  fc.uint8Array({ maxLength: 2000 }).map((bytes) => good('B', bytes)),
);
const oddFrame: fc.Arbitrary<FuzzedFrame> = fc
  .tuple(fc.oneof(command, fc.string({ minLength: 1, maxLength: 1, unit: 'binary-ascii' })), text)
  .map(([code, payload]) => ({ bytes: frame(code, payload), command: undefined }));
const noise: fc.Arbitrary<FuzzedFrame> = fc
  .uint8Array({ maxLength: 40 })
  .map((bytes) => ({ bytes: Buffer.from(bytes), command: undefined }));

const frames = fc.oneof(
  fc.array(goodFrame, { maxLength: 30, size: 'max' }),
  fc.array(
    fc.oneof({ weight: 8, arbitrary: goodFrame }, { weight: 1, arbitrary: oddFrame }, { weight: 1, arbitrary: noise }),
    { maxLength: 30, size: 'max' },
  ),
);

export const conversation: fc.Arbitrary<FuzzedConversation> = fc.record({
  negotiates: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  frames,
  isPolite: fc.boolean(),
  cut: fc.nat(2000),
  resets: fc.boolean(),
});
