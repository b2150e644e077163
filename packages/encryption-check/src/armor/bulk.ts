import { crc24Group, crc24Unshift } from '../openpgp/crc24.ts';
import {
  kernelInputAt,
  kernelLaneBits,
  kernelLanesAt,
  kernelLineBytes,
  kernelMaxLines,
  kernelModule,
} from './kernel.ts';

/** Lines of this many bytes, CRLF included, are the ones that {@link checksumLines} takes. */
export const bulkLineBytes: number = kernelLineBytes;

const laneCount = 16;

interface Kernel {
  readonly input: Uint8Array;
  readonly lanes: Uint8Array;
  readonly run: (end: number) => number;
}

/** What of the WebAssembly JavaScript interface is used; TypeScript declares it for browsers only. */
interface WebAssemblyInterface {
  validate(bytes: Uint8Array<ArrayBuffer>): boolean;
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  Instance: new (module: object) => {
    readonly exports: { readonly memory: { readonly buffer: ArrayBuffer }; run(this: void, end: number): number };
  };
}

/** Undefined where the machine or the runtime has no vector instructions; everything then goes the slow way. */
const kernel = load();

function load(): Kernel | undefined {
  const assembly: WebAssemblyInterface | undefined = Reflect.get(globalThis, 'WebAssembly');
  if (assembly === undefined || !assembly.validate(kernelModule)) return undefined;
  const { memory, run } = new assembly.Instance(new assembly.Module(kernelModule)).exports;
  return {
    input: new Uint8Array(memory.buffer, kernelInputAt),
    lanes: new Uint8Array(memory.buffer, kernelLanesAt, 3 * laneCount),
    run,
  };
}

/** What {@link oneLineAbove} makes of every single bit. */
const bitsAbove = Int32Array.from({ length: 24 }, (_, bit) => crc24Unshift(1 << bit, kernelLaneBits));

/** The checksum so far is as if it stood one line above the first group, in the first of the lanes. */
function oneLineAbove(checksum: number): number {
  let start = 0;
  for (let bit = 0; bit < 24; bit += 1) start ^= -((checksum >> bit) & 1) & (bitsAbove[bit] ?? 0);
  return start;
}

/** How many lines {@link checksumLines} takes at a time; 0 where it cannot work. */
export const bulkMaxLines: number = kernel === undefined ? 0 : kernelMaxLines;

/**
 * Advances the checksum over whole lines of 64 base64 characters and CRLF.
 * Gives undefined when there is anything else among them.
 */
export function checksumLines(checksum: number, lines: Uint8Array): number | undefined {
  if (kernel === undefined) return undefined;
  const { input, lanes, run } = kernel;
  const start = oneLineAbove(checksum);
  lanes.fill(0);
  lanes[0] = start >> 16;
  lanes[laneCount] = start >> 8;
  lanes[2 * laneCount] = start;
  input.set(lines);
  if (run(kernelInputAt + lines.length) !== 0) return undefined;
  let register = 0;
  for (let lane = 0; lane < laneCount; lane += 1) {
    const group =
      ((lanes[lane] ?? 0) << 16) | ((lanes[lane + laneCount] ?? 0) << 8) | (lanes[lane + 2 * laneCount] ?? 0);
    register = crc24Group(register, group);
  }
  return register;
}
