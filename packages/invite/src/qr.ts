import { qrMatrix, quietZoneModules, type QrMatrix } from './matrix.ts';
import { pngOfModules } from './png.ts';
import { escapeXml } from './xml.ts';

export interface QrSvgOptions {
  /** What a screen reader says instead of the picture. */
  readonly label?: string;
  /** Width and height in CSS pixels; without it the picture fills its container. */
  readonly sizePx?: number;
}

/** An SVG document, black on white whatever is behind it, one path: a few KB. @throws InviteError `too-long`. */
export function qrSvg(text: string, options: QrSvgOptions = {}): string {
  const matrix = qrMatrix(text);
  const side = matrix.length + 2 * quietZoneModules;
  const size = options.sizePx === undefined ? '' : ` width="${options.sizePx}" height="${options.sizePx}"`;
  const label = options.label === undefined ? '' : ` role="img" aria-label="${escapeXml(options.label)}"`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}"${size}${label} shape-rendering="crispEdges">` +
    `<path fill="#fff" d="M0 0h${side}v${side}H0z"/><path d="${modulePath(matrix)}"/></svg>`
  );
}

export interface QrPngOptions {
  readonly pixelsPerModule?: number;
}

/** A PNG file, one bit per pixel. @throws InviteError `too-long`. */
export function qrPng(text: string, options: QrPngOptions = {}): Uint8Array<ArrayBuffer> {
  return pngOfModules(withQuietZone(qrMatrix(text)), options.pixelsPerModule ?? 10);
}

export interface QrTerminalOptions {
  /** Sets black and white itself, so that any colour scheme will do; without it, the terminal has to be dark. */
  readonly colour?: boolean;
}

// Of the fixed cube of 256 colours: themes repaint the sixteen named ones.
const lightCell = '\u001B[48;5;231m';
const darkCell = '\u001B[38;5;231;48;5;16m';
const reset = '\u001B[0m';

/** Lines of half blocks, two modules to a character, for a terminal of at least 45 columns. @throws InviteError `too-long`. */
export function qrTerminal(text: string, options: QrTerminalOptions = {}): string {
  const rows = withQuietZone(qrMatrix(text));
  const line = (options.colour ?? true) ? colouredLine : plainLine;
  const lines: string[] = [];
  for (let y = 0; y < rows.length; y += 2) {
    const upper = rows[y] ?? [];
    lines.push(line(upper, rows[y + 1] ?? upper.map(() => false)));
  }
  return `${lines.join('\n')}\n`;
}

/** Dark is the background of a cell, never a letter: fonts leave seams between the lines, which readers stumble over. */
function colouredLine(upper: readonly boolean[], lower: readonly boolean[]): string {
  let line = '';
  let last = '';
  for (const [x, isDarkAbove] of upper.entries()) {
    const isDarkBelow = lower[x] === true;
    const cell = isDarkAbove || isDarkBelow ? darkCell : lightCell;
    if (cell !== last) line += cell;
    last = cell;
    line += isDarkAbove === isDarkBelow ? ' ' : isDarkAbove ? '▄' : '▀';
  }
  return line + reset;
}

/** Light modules as letters, on the terminal's own dark background. */
function plainLine(upper: readonly boolean[], lower: readonly boolean[]): string {
  return upper.map((isDark, x) => block(!isDark, lower[x] === false)).join('');
}

function block(upper: boolean, lower: boolean): string {
  if (upper) return lower ? '█' : '▀';
  return lower ? '▄' : ' ';
}

/** Horizontal runs of dark modules as one SVG path, offset by the quiet zone. */
export function modulePath(matrix: QrMatrix, offset: number = quietZoneModules): string {
  let path = '';
  for (const [y, row] of matrix.entries()) {
    for (let x = 0; x < row.length; x += 1) {
      if (row[x] !== true) continue;
      const start = x;
      while (row[x + 1] === true) x += 1;
      const length = x - start + 1;
      path += `M${start + offset} ${y + offset}h${length}v1h-${length}z`;
    }
  }
  return path;
}

function withQuietZone(matrix: QrMatrix): QrMatrix {
  const side = matrix.length + 2 * quietZoneModules;
  const light: boolean[] = Array.from({ length: side }, () => false);
  const margin: boolean[] = light.slice(0, quietZoneModules);
  const border = margin.map(() => light);
  return [...border, ...matrix.map((row) => [...margin, ...row, ...margin]), ...border];
}
