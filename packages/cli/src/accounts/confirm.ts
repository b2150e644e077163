import { createInterface } from 'node:readline/promises';

/** Asks before something that cannot be undone. Where nobody can answer, only `--yes` is a yes. */
export async function confirm(question: string, args: { readonly yes?: boolean | undefined }): Promise<boolean> {
  if (args.yes === true) return true;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    process.stderr.write('postern: nothing was done; add --yes to do it without being asked.\n');
    process.exitCode = 1;
    return false;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
