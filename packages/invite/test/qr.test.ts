import { inflateSync } from 'node:zlib';
import { decodeQR } from 'qr/decode.js';
import { describe, expect, it } from 'vitest';
import { accountLink, InviteError, loginLink, qrPng, qrSvg, qrTerminal } from '@postern/invite';

const link = accountLink({ domain: 'chat.example.org' });
const longLink = loginLink({
  address: 'abcdefghj@[2001:db8:1234:5678::1]',
  password: 'k7'.repeat(14),
  imap: { host: '2001:db8:1234:5678::1', port: 993, security: 'ssl' },
  smtp: { host: '2001:db8:1234:5678::1', port: 465, security: 'ssl' },
  certificateChecks: 'accept-invalid',
});

describe.each([link, longLink])('the code of %s', (text) => {
  it('says the same as SVG, as PNG and in both kinds of terminal', () => {
    const svg = modulesOfSvg(qrSvg(text));
    expect(read(svg)).toBe(text);
    expect(modulesOfPng(qrPng(text, { pixelsPerModule: 3 }), 3)).toEqual(svg);
    expect(modulesOfTerminal(qrTerminal(text), 'coloured')).toEqual(svg);
    expect(modulesOfTerminal(qrTerminal(text, { colour: false }), 'dark')).toEqual(svg);
  });

  it('has a quiet zone of four modules on all sides', () => {
    const modules = modulesOfSvg(qrSvg(text));
    const dark = modules.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [[x, y]] : [])));
    const coordinates = dark.flat();
    expect(Math.min(...coordinates)).toBe(4);
    expect(Math.max(...coordinates)).toBe(modules.length - 5);
  });
});

describe('the picture', () => {
  it('has a label for screen readers, escaped', () => {
    expect(qrSvg(link, { label: `<"&'>` })).toContain('role="img" aria-label="&lt;&quot;&amp;&#39;&gt;"');
  });

  it('may have a size of its own', () => {
    expect(qrSvg(link, { sizePx: 320 })).toContain('width="320" height="320"');
  });

  it('stays small', () => {
    expect(qrSvg(link).length).toBeLessThan(3000);
    expect(qrPng(link).length).toBeLessThan(600);
  });

  it('is not made of a text that no code can hold', () => {
    expect(() => qrSvg('x'.repeat(2954))).toThrow(InviteError);
    expect(qrSvg('x'.repeat(2953))).toContain('<svg');
  });

  it.each([0, 0.5, 101])('is not made with %d pixels per module', (pixelsPerModule) => {
    expect(() => qrPng(link, { pixelsPerModule })).toThrow(RangeError);
  });
});

type Modules = boolean[][];

function read(modules: Modules): string {
  const scale = 4;
  const side = modules.length * scale;
  const pixels = new Uint8Array(side * side * 4).fill(255);
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      if (modules[Math.floor(y / scale)]?.[Math.floor(x / scale)] ?? false)
        pixels.fill(0, (y * side + x) * 4, (y * side + x) * 4 + 3);
    }
  }
  return decodeQR({ width: side, height: side, data: pixels });
}

function modulesOfSvg(svg: string): Modules {
  const side = Number(/viewBox="0 0 (\d+) /.exec(svg)?.[1]);
  const modules = Array.from({ length: side }, () => Array.from({ length: side }, () => false));
  for (const [, x, y, length] of svg.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g)) {
    modules[Number(y)]?.fill(true, Number(x), Number(x) + Number(length));
  }
  return modules;
}

/** Reads the chunks of a PNG in its simplest form, as a second opinion on our writer. */
function modulesOfPng(bytes: Uint8Array, scale: number): Modules {
  const png = Buffer.from(bytes);
  expect(png.subarray(0, 8).toString('latin1')).toBe('\u0089PNG\r\n\u001a\n');
  const side = png.readUInt32BE(16);
  const dataAt = png.indexOf('IDAT') + 4;
  const pixels = inflateSync(png.subarray(dataAt, dataAt + png.readUInt32BE(dataAt - 8)));
  const lineBytes = 1 + Math.ceil(side / 8);
  return Array.from({ length: side / scale }, (_, row) =>
    Array.from({ length: side / scale }, (_, column) => {
      const x = column * scale;
      const byte = pixels[row * scale * lineBytes + 1 + (x >> 3)] ?? 0;
      return (byte & (0x80 >> (x & 7))) === 0;
    }),
  );
}

/** What a terminal would show: each character a pair of modules, in the colours that were set before it. */
function modulesOfTerminal(text: string, ground: 'coloured' | 'dark'): Modules {
  const rows: Modules = [];
  for (const line of text.trimEnd().split('\n')) {
    const [upper, lower]: [boolean[], boolean[]] = [[], []];
    let isDark = ground === 'dark';
    for (const [, colours, cell] of line.matchAll(/\u001B\[([\d;]*)m|(.)/g)) {
      if (colours !== undefined) isDark = colours.endsWith('48;5;16');
      if (cell === undefined) continue;
      upper.push(isDark && !'▀█'.includes(cell));
      lower.push(isDark && !'▄█'.includes(cell));
    }
    rows.push(upper, lower);
  }
  return rows.slice(0, rows[0]?.length);
}
