import { type Administration, loadConfig, openAdministration, StoreError } from '@postern/relay';

/** Every command of ours has these. */
export interface CommonArguments {
  readonly config?: string | undefined;
}

/** Opens the accounts of the relay for one command. What is wrong is said in one line, and the exit code is 1. */
export async function withAccounts(
  args: CommonArguments,
  work: (accounts: Administration) => Promise<void>,
): Promise<void> {
  let accounts: Administration | undefined;
  try {
    accounts = await openAdministration(loadConfig(args.config));
    await work(accounts);
  } catch (error) {
    if (!(error instanceof StoreError || error instanceof RangeError)) throw error;
    fail(error.message);
  } finally {
    await accounts?.close();
  }
}

export function fail(message: string): void {
  process.stderr.write(`postern: ${message}\n`);
  process.exitCode = 1;
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}
