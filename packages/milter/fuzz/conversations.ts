import * as fc from 'fast-check';
import { frame, uint32 } from '../src/testing/codec.ts';
import { filterCount } from './filters.ts';
import { anyFrame, type FuzzedFrame, soundFrame } from './frames.ts';

/** What a fuzzed mail server says, and how. */
export interface FuzzedConversation {
  /** Which of the fuzzed filters it is had with. */
  readonly filter: number;
  /** Over TCP more is answered. */
  readonly transport: 'unix' | 'tcp';
  /** How it begins; nothing when it does not negotiate. */
  readonly offer: Buffer | undefined;
  readonly frames: readonly FuzzedFrame[];
  /** One frame after another, each waiting for its answer as a mail server would; or all at once, cut into two pieces. */
  readonly isPolite: boolean;
  readonly cut: number;
  /** Whether the socket is thrown away rather than ended. */
  readonly resets: boolean;
}

const offers = [
  frame('O', uint32(6, 0x1ff, 0x1f_ffff)), // Postfix
  frame('O', uint32(6, 0x1ff, 0x701f_ffff)), // Sendmail with large pieces of a body
  frame('O', uint32(6, 0x1ff, 0x7f)), // nothing but what version 2 has
  frame('O', uint32(2, 0x3f, 0x7f)),
  frame('O', uint32(3, 0x3f, 0x17f)),
];
const numbers = fc.array(fc.nat(), { maxLength: 30, size: 'max' });

export const conversation: fc.Arbitrary<FuzzedConversation> = fc.record({
  filter: fc.nat(filterCount - 1),
  transport: fc.constantFrom('unix', 'tcp'),
  offer: fc.constantFrom(...offers, undefined),
  frames: fc.oneof(
    numbers.map((drawn) => drawn.map(soundFrame)),
    numbers.map((drawn) => drawn.map(anyFrame)),
  ),
  isPolite: fc.boolean(),
  cut: fc.nat(2000),
  resets: fc.boolean(),
});
