import type { BenchRow } from './run.ts';
import { milliseconds } from './table.ts';

const rowHeight = 44;
const left = 260;
const width = 900;
const barSpace = width - left - 90;

/**
 * An SVG picture of the rows: a bar for the median, a thin line to the 95th percentile, and below it, in grey, the floor.
 * Lengths are on a logarithmic scale, because a greeting takes milliseconds and a file a second.
 */
export function benchChart(rows: readonly BenchRow[], title: string): string {
  const longest = Math.max(...rows.map(({ measured }) => measured.p95), 10);
  const length = (ms: number): number => (Math.log10(Math.max(ms, 1)) / Math.log10(longest)) * barSpace;
  const bar = (y: number, ms: number, fill: string): string =>
    `<rect x="${left}" y="${y}" width="${length(ms).toFixed(1)}" height="13" fill="${fill}"/>`;
  const label = (y: number, ms: number, text: string): string =>
    `<text x="${(left + length(ms) + 6).toFixed(1)}" y="${y}" font-size="12">${text}</text>`;
  const drawn = rows.map(({ name, measured, floor, ratio }, at) => {
    const y = 50 + at * rowHeight;
    const end = (left + length(measured.p95)).toFixed(1);
    return [
      `<text x="${left - 10}" y="${y + 18}" text-anchor="end">${escape(name)}</text>`,
      bar(y, measured.median, '#1f77b4'),
      `<line x1="${left}" x2="${end}" y1="${y + 6.5}" y2="${y + 6.5}" stroke="#1f77b4"/>`,
      label(y + 11, measured.p95, `${milliseconds(measured.median)} ms${ratio ? ` (${ratio.toFixed(2)} ×)` : ''}`),
      ...(floor ? [bar(y + 15, floor.median, '#bbb'), label(y + 26, floor.median, milliseconds(floor.median))] : []),
    ].join('\n');
  });
  const height = 60 + rows.length * rowHeight;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="14">
<title>${escape(title)}</title>
<rect width="${width}" height="${height}" fill="white"/>
<text x="${left}" y="28" font-size="16">${escape(title)}</text>
${drawn.join('\n')}
</svg>
`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
