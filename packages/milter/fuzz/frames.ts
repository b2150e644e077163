import { frame, strings } from '../src/testing/codec.ts';
import { Random } from './random.ts';

/** Something that a fuzzed mail server sends at once. */
export interface FuzzedFrame {
  readonly bytes: Buffer;
  /** The command of a frame as it should be; nothing when there is no telling what becomes of it. */
  readonly command: string | undefined;
}

/** A frame is a number: that is cheap to draw, and what fails shrinks to few and small ones. */
export function soundFrame(number: number): FuzzedFrame {
  const random = new Random(number);
  return random.of(sound)(random);
}

/** The same, and one in five is odd or none at all. */
export function anyFrame(number: number): FuzzedFrame {
  const random = new Random(number);
  switch (random.below(10)) {
    case 0:
      return { bytes: random.bytes(40), command: undefined };
    case 1:
      return { bytes: frame(random.of(odd)(random), random.bytes(60)), command: undefined };
    default:
      return random.of(sound)(random);
  }
}

const good = (command: string, payload: Uint8Array | string = ''): FuzzedFrame => ({
  bytes: frame(command, payload),
  command,
});
const client = (family: string, address: string): Buffer =>
  Buffer.concat([strings('x'), Buffer.from(family), Buffer.from([0, 25]), strings(address)]);
const commands = ['C', 'H', 'M', 'R', 'T', 'L', 'N', 'B', 'E', 'A', 'Q', 'K', 'D', 'U', 'O'] as const;
const clients = [
  good('C', Buffer.from('x\0U')),
  good('C', client('4', '192.0.2.1')),
  good('C', client('6', 'IPv6:2001:db8::1')),
  good('C', client('L', '/run/x')),
] as const;
const [data, endOfHeaders, endOfMessage, abort, quit, quitNewConnection] = [
  good('T'),
  good('N'),
  good('E'),
  good('A'),
  good('Q'),
  good('K'),
];
const mail = [good('M', strings('<a@b>')), good('M', strings('<>', 'SIZE=1')), good('M', strings(''))] as const;
/** Whatever may stand in a string: anything but NUL. */
function text(random: Random, maxLength: number): Buffer {
  const bytes = random.bytes(maxLength);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] ||= 1;
  return bytes;
}

const sound: readonly [Sound, ...Sound[]] = [
  (random) => random.of(clients),
  (random) => good('H', strings(text(random, 20))),
  (random) => random.of(mail),
  (random) => random.of(mail),
  (random) => good('R', strings(text(random, 20), ...(random.below(3) === 0 ? ['NOTIFY=NEVER'] : []))),
  () => data,
  (random) => good('L', strings(text(random, 9), text(random, 60))),
  (random) => good('L', strings('Subject', text(random, 60))),
  () => endOfHeaders,
  (random) => good('B', Buffer.alloc(random.of([0, 1, 200, 3000]), 'x')),
  (random) => good('B', Buffer.alloc(random.below(30) === 0 ? 65_535 : 70, 'x')),
  () => endOfMessage,
  () => endOfMessage,
  (random) => good('E', random.bytes(9)),
  () => abort,
  (random) => (random.below(4) === 0 ? quit : quitNewConnection),
  (random) => good('D', Buffer.concat([Buffer.from(random.of(commands)), strings('i', text(random, 9), 'v')])),
  (random) => good('D', Buffer.concat([Buffer.from(random.of(commands)), random.bytes(60)])),
  (random) => good('U', strings(text(random, 20))),
];
type Sound = (random: Random) => FuzzedFrame;

const odd: readonly [Odd, ...Odd[]] = [
  (random) => random.of(commands),
  (random) => String.fromCharCode(random.below(256)),
];
type Odd = (random: Random) => string;
