import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { checkMessage } from '@postern/encryption-check';
import type { Direction, Finding } from '@postern/encryption-check';
import { describeMessage } from './anatomy.ts';
import { renderAnatomy, renderFinding } from './text.ts';

export interface FileOptions {
  readonly direction: Direction;
  readonly explains: boolean;
  readonly isJson: boolean;
}

const exitCodes = { encrypted: 0, notEncrypted: 1, unusable: 2 } as const;

/** Checks files, or standard input. @returns 0 when all are encrypted, 1 when one is not, 2 when one cannot be read. */
export async function checkFiles(files: readonly string[], options: FileOptions): Promise<number> {
  let exitCode: number = exitCodes.encrypted;
  const results: object[] = [];
  for (const file of files.length === 0 ? ['-'] : files) {
    let raw: Buffer;
    try {
      raw = withCrlf(file === '-' ? await buffer(process.stdin) : await readFile(file));
    } catch (error) {
      process.stderr.write(`postern: ${file}: ${error instanceof Error ? error.message : String(error)}\n`);
      exitCode = exitCodes.unusable;
      continue;
    }
    if (raw.length === 0) {
      process.stderr.write(`postern: ${file}: there is no message in it\n`);
      exitCode = exitCodes.unusable;
      continue;
    }
    const finding = checkMessage(raw, { direction: options.direction });
    if (finding.kind !== 'encrypted') exitCode = Math.max(exitCode, exitCodes.notEncrypted);
    results.push(await present(file, raw, finding, options));
  }
  if (options.isJson) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
  return exitCode;
}

async function present(file: string, raw: Buffer, finding: Finding, options: FileOptions): Promise<object> {
  const anatomy = options.explains ? await describeMessage(raw) : undefined;
  if (!options.isJson) {
    process.stdout.write(`${file}: ${renderFinding(finding)}\n`);
    if (anatomy !== undefined) process.stdout.write(renderAnatomy(anatomy, raw, finding));
  }
  return { file, finding, ...(anatomy !== undefined && { anatomy }) };
}

/** Mailboxes on disk keep messages with LF; in such a file every LF was a CRLF once. */
function withCrlf(raw: Buffer): Buffer {
  return raw.includes('\r') ? raw : Buffer.from(raw.toString('latin1').replaceAll('\n', '\r\n'), 'latin1');
}
