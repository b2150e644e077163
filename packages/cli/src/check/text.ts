import type { Finding } from '@postern/encryption-check';
import type { Anatomy } from './anatomy.ts';

const maxShownCharacters = 100;
const contextLines = 2;

/** A finding in one line. */
export function renderFinding(finding: Finding): string {
  switch (finding.kind) {
    case 'encrypted': {
      const keys = Object.entries(finding.sessionKeys).flatMap(([kind, count]) =>
        count > 0 ? [`${count} ${kind}`] : [],
      );
      return `encrypted (${keys.join(', ')}, SEIPD v${finding.seipdVersion}, ${finding.packetBytes} bytes of packets)`;
    }
    case 'secure-join-request':
      return `not encrypted: a SecureJoin request (${finding.request}), which may pass`;
    case 'bounce':
      return 'not encrypted: a bounce, which may come in';
    case 'cleartext':
      return `not encrypted: ${finding.explanation} (${finding.reason}, byte ${finding.offset})`;
  }
  return finding satisfies never;
}

/** The tree of headers, parts and packets, and the lines around the offending place with a mark under it. */
export function renderAnatomy(anatomy: Anatomy, raw: Buffer, finding: Finding): string {
  const lines = [
    '  headers',
    ...anatomy.headers.map((header) => `    ${printable(header)}`),
    ...(anatomy.visibleText === ''
      ? []
      : ['  text that a reader would be shown', `    ${printable(anatomy.visibleText)}`]),
    '  parts',
    ...anatomy.parts.flatMap(({ type, name, bytes, packets }, index) => [
      `    ${index + 1} ${printable(type)}${name === undefined ? '' : ` "${printable(name)}"`}, ${bytes} bytes`,
      ...(packets === undefined ? [] : typeof packets === 'string' ? [packets] : packets).map(
        (packet) => `        ${printable(packet)}`,
      ),
    ]),
    ...(finding.kind === 'cleartext' ? ['  the place', ...place(raw, finding.offset)] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function place(raw: Buffer, offset: number): string[] {
  const at = Math.min(offset, raw.length);
  const lines = raw.toString('latin1').split('\n');
  let start = 0;
  let number = 0;
  for (; number < lines.length - 1; number += 1) {
    const end = start + (lines[number]?.length ?? 0) + 1;
    if (at < end) break;
    start = end;
  }
  const width = String(number + 1 + contextLines).length;
  const first = Math.max(0, number - contextLines);
  return lines.slice(first, number + 1 + contextLines).flatMap((line, index) => {
    const isIt = first + index === number;
    const shown = `  ${isIt ? '>' : ' '} ${String(first + index + 1).padStart(width)} | ${printable(line.replace(/\r$/, ''))}`;
    const mark = `    ${' '.repeat(width)} | ${' '.repeat(Math.min(at - start, maxShownCharacters))}^`;
    return isIt ? [shown, mark] : [shown];
  });
}

/** A message is hostile to a terminal, too: control characters and whatever is not ASCII become dots. */
function printable(text: string): string {
  const shown = text.replaceAll(/[^\x20-\x7e]/g, '.');
  return shown.length > maxShownCharacters ? `${shown.slice(0, maxShownCharacters)}…` : shown;
}
