import { maxBoundaryLength } from '../limits.ts';

/** RFC 2046 §5.1.1 `bcharsnospace`; spaces are allowed there, and trimmed by some. */
const boundaryPattern = /^[0-9A-Za-z'()+_,./:=?-]+$/;

const armorLines = ['-----BEGIN PGP MESSAGE-----', '-----END PGP MESSAGE-----'];

/** Whether all readers find the same delimiter lines with this boundary. */
export function isUnmistakableBoundary(boundary: string | undefined): boundary is string {
  if (boundary === undefined || boundary.length > maxBoundaryLength || !boundaryPattern.test(boundary)) return false;
  if (boundary.includes('=?')) return false; // an encoded word to some: RFC 2047 §5 forbids it, parsers decode it
  if (boundary.endsWith('--')) return false; // every delimiter would look like the closing one
  // Parsers that compare the start of a line only would take an armor line for a delimiter.
  return !armorLines.some((line) => line.startsWith(`--${boundary}`));
}
