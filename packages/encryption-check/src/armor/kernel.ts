import { crc24Shift } from '../openpgp/crc24.ts';
import { notBase64, sextets } from './alphabet.ts';
import { moduleBytes, types, wasm } from './wasm.ts';
import type { Code } from './wasm.ts';

/*
 * The code that goes over the bulk of a big message: lines of 64 base64 characters, as GnuPG, Delta Chat and most others
 * write them. It looks at every character and sums up the checksum, 16 groups at a time: a line is 16 groups of 24 bits,
 * and each of the 16 lanes is a checksum of its own over every 16th group. In a lane the step from line to line is a
 * multiplication by x^384 (the checksum is arithmetic in polynomials over GF(2), RFC 9580 §6.1.1), done by half-bytes
 * from tables. The lanes lie in three vectors: the high, the middle and the low bytes of the 16 numbers.
 */

export const kernelLineBytes = 66;
/** Where the lanes, 48 bytes, and then the lines lie in memory, behind the tables. */
export const kernelLanesAt = 1024;
export const kernelInputAt = 1088;
/** Bits from a group to the one that follows in the same lane. */
export const kernelLaneBits: number = 16 * 24;

const pages = 2;
export const kernelMaxLines: number = Math.floor((pages * 65_536 - kernelInputAt) / kernelLineBytes);

const sixteen = Array.from({ length: 16 }, (_, index) => index);

/** Constant vectors lie in memory: as instructions they would be built anew at every use. */
const tables: number[] = [];
function constant(lanes: readonly number[]): Code {
  const address = tables.length;
  tables.push(...lanes.map((lane) => lane & 0xff));
  return wasm.load(wasm.i32(0), address);
}
const all = (byte: number): Code => constant(sixteen.map(() => byte));
const lowHalf = all(0x0f);
const slashes = all('/'.charCodeAt(0));
const masked = (value: Code, bits: number): Code => wasm.and128(value, all(bits));
const upperHalf = (value: Code): Code => wasm.and128(wasm.shiftRight(value, 4), lowHalf);

// Locals: the parameter (the end of the lines), then those that `locals` below declares.
const [end, at, wrong] = [0, 1, 2];
const [invalid, high, middle, low, characters, upper] = [3, 4, 5, 6, 7, 8];
const quarters = [9, 10, 11, 12] as const;
const [ab01, ab23, cd01, cd23] = [13, 14, 15, 16];
const nibbles = [17, 18, 19, 20, 21, 22] as const;

/** The instructions and memory of the kernel: `run(end)` takes the lanes from memory and leaves them there; 0 is well. */
export const kernelModule: Uint8Array<ArrayBuffer> = moduleBytes({
  pages,
  parameters: [types.i32],
  result: types.i32,
  locals: [
    [2, types.i32],
    [20, types.v128],
  ],
  body: [
    ...wasm.set(high, wasm.load(wasm.i32(0), kernelLanesAt)),
    ...wasm.set(middle, wasm.load(wasm.i32(0), kernelLanesAt + 16)),
    ...wasm.set(low, wasm.load(wasm.i32(0), kernelLanesAt + 32)),
    ...wasm.set(at, wasm.i32(kernelInputAt)),
    ...wasm.repeat(line(), wasm.subtract(wasm.get(at), wasm.get(end))),
    ...wasm.store(wasm.i32(0), wasm.get(high), kernelLanesAt),
    ...wasm.store(wasm.i32(0), wasm.get(middle), kernelLanesAt + 16),
    ...wasm.store(wasm.i32(0), wasm.get(low), kernelLanesAt + 32),
    ...wasm.or(wasm.get(wrong), wasm.anyTrue(wasm.get(invalid))),
  ],
  data: tables,
});

function line(): Code {
  return [
    ...quarters.flatMap((local, quarter) => decode(local, quarter * 16)),
    ...transpose(),
    ...advance(),
    ...lineEnd(),
  ];
}

/** Sixteen characters into their sextets, ordered as the four first ones of their groups, the four second ones, … */
function decode(local: number, offset: number): Code {
  const { rows, refused, distance } = decodingTables();
  const shifted = wasm.addBytes(wasm.get(upper), wasm.equalBytes(wasm.get(characters), slashes));
  const values = wasm.addBytes(wasm.get(characters), wasm.lookUp(constant(distance), shifted));
  const byPlace = constant(sixteen.map((lane) => (lane % 4) * 4 + (lane >> 2)));
  return [
    ...wasm.set(characters, wasm.load(wasm.get(at), offset)),
    ...wasm.set(upper, upperHalf(wasm.get(characters))),
    ...wasm.set(
      invalid,
      wasm.or128(
        wasm.get(invalid),
        wasm.and128(
          wasm.lookUp(constant(rows), wasm.get(upper)),
          wasm.lookUp(constant(refused), wasm.and128(wasm.get(characters), lowHalf)),
        ),
      ),
    ),
    ...wasm.set(local, wasm.lookUp(values, byPlace)),
  ];
}

/**
 * Tables by half-bytes of a character. `rows` gives each high half a bit, shared by those with the same low halves;
 * `refused` gives each low half the bits of the rows where it is no base64. `distance` from a character to its sextet is
 * by high half, but for `/`, which takes the unused place before its own.
 */
function decodingTables(): { rows: number[]; refused: number[]; distance: number[] } {
  const isRefused = (row: number, column: number): boolean => sextets[row * 16 + column] === notBase64;
  const pattern = (row: number): string => sixteen.map((column) => (isRefused(row, column) ? '-' : '+')).join('');
  const patterns = [...new Set(sixteen.map((row) => pattern(row)))];
  const rows = sixteen.map((row) => 1 << patterns.indexOf(pattern(row)));
  const refused = sixteen.map((column) =>
    patterns.reduce((bits, text, index) => (text[column] === '-' ? bits | (1 << index) : bits), 0),
  );
  const distance = sixteen.map((row) => {
    const first = sixteen.find((column) => !isRefused(row, column));
    return first === undefined ? 0 : (sextets[row * 16 + first] ?? 0) - (row * 16 + first);
  });
  const slash = '/'.charCodeAt(0);
  distance[(slash >> 4) - 1] = (sextets[slash] ?? 0) - slash;
  return { rows, refused, distance };
}

/** From four quarters to the first, second, third and fourth sextets of the 16 groups, each in one vector. */
function transpose(): Code {
  const [q0, q1, q2, q3] = quarters;
  const words = (...numbers: number[]): number[] =>
    numbers.flatMap((word) => [0, 1, 2, 3].map((byte) => word * 4 + byte));
  const join = (into: number, a: number, b: number, lanes: number[]): Code =>
    wasm.set(into, wasm.shuffle(wasm.get(a), wasm.get(b), lanes));
  return [
    ...join(ab01, q0, q1, words(0, 4, 1, 5)),
    ...join(cd01, q0, q1, words(2, 6, 3, 7)),
    ...join(ab23, q2, q3, words(0, 4, 1, 5)),
    ...join(cd23, q2, q3, words(2, 6, 3, 7)),
    ...join(q0, ab01, ab23, words(0, 1, 4, 5)),
    ...join(q1, ab01, ab23, words(2, 3, 6, 7)),
    ...join(q2, cd01, cd23, words(0, 1, 4, 5)),
    ...join(q3, cd01, cd23, words(2, 3, 6, 7)),
  ];
}

/** The lanes times x^384, plus the 16 groups of this line. */
function advance(): Code {
  const [first, second, third, fourth] = quarters.map((local) => wasm.get(local));
  if (first === undefined || second === undefined || third === undefined || fourth === undefined) return [];
  return [
    ...[high, middle, low].flatMap((plane, index) => [
      ...wasm.set(nibbles[index * 2] ?? 0, upperHalf(wasm.get(plane))),
      ...wasm.set(nibbles[index * 2 + 1] ?? 0, wasm.and128(wasm.get(plane), lowHalf)),
    ]),
    ...wasm.set(high, times(16, wasm.or128(wasm.shiftLeft(first, 2), upperHalf(second)))),
    ...wasm.set(
      middle,
      times(8, wasm.or128(masked(wasm.shiftLeft(second, 4), 0xf0), masked(wasm.shiftRight(third, 2), 0x0f))),
    ),
    ...wasm.set(low, times(0, wasm.or128(masked(wasm.shiftLeft(third, 6), 0xc0), fourth))),
  ];
}

/** One byte of the product, added to `addend`. */
function times(shift: number, addend: Code): Code {
  return nibbles.reduce((sum: Code, local, place) => {
    const table = sixteen.map((nibble) => (crc24Shift(nibble << (20 - 4 * place), kernelLaneBits) >> shift) & 0xff);
    return wasm.xor128(sum, wasm.lookUp(constant(table), wasm.get(local)));
  }, addend);
}

function lineEnd(): Code {
  const crlf = 0x0a0d; // as a little-endian pair
  return [
    ...wasm.set(wrong, wasm.or(wasm.get(wrong), wasm.xor(wasm.loadPair(wasm.get(at), 64), wasm.i32(crlf)))),
    ...wasm.set(at, wasm.add(wasm.get(at), wasm.i32(kernelLineBytes))),
  ];
}
