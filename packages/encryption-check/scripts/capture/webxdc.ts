import { crc32 } from 'node:zlib';

/** A webxdc app: a zip archive with one stored file (PKWARE APPNOTE §4.3). */
export function webxdc(): Buffer {
  const name = Buffer.from('index.html');
  const content = Buffer.from('<!doctype html><title>Postern</title>');
  const entry = Buffer.alloc(26); // version, flags, method, time, date, checksum, two sizes, two lengths
  entry.writeUInt16LE(10, 0);
  entry.writeUInt32LE(crc32(content), 10);
  entry.writeUInt32LE(content.length, 14);
  entry.writeUInt32LE(content.length, 18);
  entry.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), entry, name, content]);
  const central = Buffer.concat([Buffer.from('PK\x01\x02\x0a\x00'), entry, Buffer.alloc(14), name]);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(local.length, 12);
  return Buffer.concat([local, central, Buffer.from('PK\x05\x06'), end]);
}
