import { join } from 'node:path';
import { execa } from 'execa';

const root = join(import.meta.dirname, '../../..');

export interface CorpusResult {
  readonly file: string;
  readonly isTrick: boolean;
  readonly code: number;
  readonly text: string;
  readonly verdict: 'right' | 'repaired' | 'let through' | 'refused' | 'deferred';
}

/** `postern check --corpus` against a submission port of this machine, as an operator types it. */
export async function checkCorpus(
  { host, port }: { readonly host: string; readonly port: number },
  login: { readonly address: string; readonly password: string },
): Promise<{ readonly exitCode: number | undefined; readonly results: readonly CorpusResult[] }> {
  const words = `check --corpus --json --implicit-tls --insecure --smtp ${host}:${port} --user ${login.address} --password ${login.password}`;
  const { exitCode, stdout } = await execa(
    process.execPath,
    ['--conditions=@postern/source', join(root, 'packages/cli/src/main.ts'), ...words.split(' ')],
    { reject: false, stderr: 'inherit' },
  );
  return { exitCode, results: JSON.parse(stdout) };
}
