/** WebAssembly code as its bytes. Every function here gives the code of an expression from the codes of its operands. */
export type Code = readonly number[];

/** Value types (WebAssembly core specification §5.3). */
export const types = { i32: 0x7f, v128: 0x7b } as const;

const magicAndVersion: Code = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

const simd = (opcode: number): Code => [0xfd, ...unsigned(opcode)];

/** Instructions (§5.4), no more than are needed. */
export const wasm = {
  i32: (value: number): Code => [0x41, ...signed(value)],
  get: (local: number): Code => [0x20, ...unsigned(local)],
  set: (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)],
  tee: (local: number, value: Code): Code => [...value, 0x22, ...unsigned(local)],

  add: (a: Code, b: Code): Code => [...a, ...b, 0x6a],
  subtract: (a: Code, b: Code): Code => [...a, ...b, 0x6b],
  or: (a: Code, b: Code): Code => [...a, ...b, 0x72],
  xor: (a: Code, b: Code): Code => [...a, ...b, 0x73],
  loadPair: (address: Code, offset: number): Code => [...address, 0x2f, 0, ...unsigned(offset)],

  load: (address: Code, offset: number): Code => [...address, ...simd(0), 0, ...unsigned(offset)],
  store: (address: Code, value: Code, offset: number): Code => [
    ...address,
    ...value,
    ...simd(11),
    0,
    ...unsigned(offset),
  ],
  and128: (a: Code, b: Code): Code => [...a, ...b, ...simd(78)],
  or128: (a: Code, b: Code): Code => [...a, ...b, ...simd(80)],
  xor128: (a: Code, b: Code): Code => [...a, ...b, ...simd(81)],
  anyTrue: (a: Code): Code => [...a, ...simd(83)],
  equalBytes: (a: Code, b: Code): Code => [...a, ...b, ...simd(35)],
  addBytes: (a: Code, b: Code): Code => [...a, ...b, ...simd(110)],
  /** Shifts lanes of 16 bits, so that bits go from byte to byte. */
  shiftLeft: (a: Code, bits: number): Code => [...a, ...wasm.i32(bits), ...simd(139)],
  shiftRight: (a: Code, bits: number): Code => [...a, ...wasm.i32(bits), ...simd(141)],
  /** For every lane the table's byte of that number. All numbers must be below 16. */
  lookUp: (table: Code, lanes: Code): Code => [...table, ...lanes, ...simd(256)],
  /** Lanes 0–15 of the result are those of `a` (0–15) and `b` (16–31) with the given numbers. */
  shuffle: (a: Code, b: Code, lanes: readonly number[]): Code => [...a, ...b, ...simd(13), ...lanes],

  /** Repeats the body until its condition is zero. */
  repeat: (body: Code, condition: Code): Code => [0x03, 0x40, ...body, ...condition, 0x0d, 0, 0x0b],
} as const;

/** A module with one memory of so many 64 KB pages and one function, exported as `memory` and `run`; `data` lies at 0. */
export function moduleBytes(options: {
  readonly pages: number;
  readonly parameters: readonly number[];
  readonly result: number;
  readonly locals: readonly (readonly [count: number, type: number])[];
  readonly body: Code;
  readonly data: Code;
}): Uint8Array<ArrayBuffer> {
  const { pages, parameters, result, locals, body, data } = options;
  const code = [...vector(locals.map(([count, type]) => [...unsigned(count), type])), ...body, 0x0b];
  return Uint8Array.from([
    ...magicAndVersion,
    ...section(1, vector([[0x60, ...vector(parameters.map((type) => [type])), 1, result]])),
    ...section(3, vector([[0]])),
    ...section(5, vector([[0x01, ...unsigned(pages), ...unsigned(pages)]])),
    ...section(
      7,
      vector([
        [...text('memory'), 2, 0],
        [...text('run'), 0, 0],
      ]),
    ),
    ...section(10, vector([[...unsigned(code.length), ...code]])),
    ...section(11, vector([[0, ...wasm.i32(0), 0x0b, ...vector(data.map((byte) => [byte]))]])),
  ]);
}

function section(id: number, content: Code): Code {
  return [id, ...unsigned(content.length), ...content];
}

function vector(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items.flat()];
}

function text(name: string): Code {
  return vector(Array.from(Buffer.from(name), (byte) => [byte]));
}

/** LEB128 (§5.2.2). */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): Code {
  return value >= -0x40 && value < 0x40 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}
