import { type Administration, loadConfig, openAdministration, SessionError, StoreError } from '@postern/relay';

/** Every command of ours has these. */
export interface CommonArguments {
  readonly config?: string | undefined;
}

/** Opens the accounts of the relay for one command. What is wrong is said in one line, and the exit code is 1. */
export async function withAccounts(
  args: CommonArguments,
  work: (accounts: Administration) => Promise<void>,
  options: Parameters<typeof openAdministration>[1] = {},
): Promise<void> {
  let accounts: Administration | undefined;
  try {
    accounts = await openAdministration(loadConfig(args.config), options);
    try {
      await work(accounts);
    } finally {
      await accounts.endLatecomers();
    }
  } catch (error) {
    const isTold = error instanceof StoreError || error instanceof SessionError || error instanceof RangeError;
    if (!isTold) throw error;
    fail(error.message, error instanceof WrongWords ? 2 : 1);
  } finally {
    await accounts?.close();
  }
}

/** What was typed makes no sense: exit code 2, as for every other mistake of that kind. */
export class WrongWords extends RangeError {
  override readonly name = 'WrongWords';
}

export function fail(message: string, exitCode = 1): void {
  process.stderr.write(`postern: ${message}\n`);
  process.exitCode = exitCode;
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}
