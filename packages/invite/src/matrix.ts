import { encodeQR } from 'qr';
import { InviteError } from './errors.ts';
import { maxLinkBytes } from './parse.ts';

/** Rows of modules without the quiet zone; `true` is dark. */
export type QrMatrix = readonly (readonly boolean[])[];

/** ISO/IEC 18004 §9.1: a light border of four modules, or readers do not find the code. */
export const quietZoneModules = 4;

/**
 * A code as small as `medium` error correction allows, with the strongest correction that fits into the same size: a
 * coarser code scans from farther away, and what is left over mends scratches and glare.
 *
 * @throws InviteError `too-long` when the text does not fit into any code.
 */
export function qrMatrix(text: string): QrMatrix {
  const smallest = encode(text, 'medium');
  for (const level of ['high', 'quartile'] as const) {
    const stronger = encode(text, level);
    if (stronger !== undefined && stronger.length === smallest?.length) return stronger;
  }
  const matrix = smallest ?? encode(text, 'low');
  if (matrix !== undefined) return matrix;
  throw new InviteError(
    'too-long',
    `The text has ${Buffer.byteLength(text)} bytes; a QR code holds at most ${maxLinkBytes}.`,
  );
}

function encode(text: string, ecc: 'low' | 'medium' | 'quartile' | 'high'): QrMatrix | undefined {
  if (Buffer.byteLength(text) > maxLinkBytes) return undefined;
  try {
    // The library draws at least one module of border, which is taken off again: how wide it is, is ours to say.
    return encodeQR(text, 'raw', { ecc, border: 1 })
      .slice(1, -1)
      .map((row) => row.slice(1, -1));
  } catch (error) {
    if (error instanceof Error && error.message === 'Capacity overflow') return undefined;
    throw error;
  }
}
