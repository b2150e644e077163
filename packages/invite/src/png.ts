import { crc32, deflateSync } from 'node:zlib';
import type { QrMatrix } from './matrix.ts';

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]); // PNG §5.2
const maxPixelsPerModule = 100;

/**
 * A PNG of one bit per pixel (greyscale, depth 1), each module a square of pixels. @throws RangeError for a scale
 * that is not between 1 and 100.
 */
export function pngOfModules(rows: QrMatrix, pixelsPerModule: number): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(pixelsPerModule) || pixelsPerModule < 1 || pixelsPerModule > maxPixelsPerModule) {
    throw new RangeError(
      `pixelsPerModule is ${pixelsPerModule}; it is a whole number from 1 to ${maxPixelsPerModule}.`,
    );
  }
  const side = rows.length * pixelsPerModule;
  const header = Buffer.alloc(13); // PNG §11.2.1 IHDR: width, height, bit depth, colour type, three methods
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 1;
  const lineBytes = 1 + Math.ceil(side / 8); // a filter type (none) before each line
  const pixels = Buffer.alloc(lineBytes * side);
  for (const [y, row] of rows.entries()) {
    const line = Buffer.alloc(lineBytes);
    for (let x = 0; x < side; x += 1) {
      const isLight = row[Math.floor(x / pixelsPerModule)] !== true;
      if (isLight) line[1 + (x >> 3)] = (line[1 + (x >> 3)] ?? 0) | (0x80 >> (x & 7));
    }
    for (let copy = 0; copy < pixelsPerModule; copy += 1) line.copy(pixels, (y * pixelsPerModule + copy) * lineBytes);
  }
  const parts = [
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ];
  return new Uint8Array(Buffer.concat(parts));
}

/** PNG §5.3: length, type, data, and a CRC over type and data. */
function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
