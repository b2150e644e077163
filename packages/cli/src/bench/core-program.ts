import { SetupError } from '@postern/relay';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

const program = 'deltachat-rpc-server';

/** @returns the path of the client's core. @throws SetupError that says how to get it. */
export async function findCore(given?: string, path: string = process.env['PATH'] ?? ''): Promise<string> {
  const candidates = given === undefined ? path.split(delimiter).map((folder) => join(folder, program)) : [given];
  for (const candidate of candidates) {
    try {
      await access(candidate, constants.X_OK);
      return candidate;
    } catch {
      // not this one
    }
  }
  throw new SetupError(
    given === undefined
      ? `This needs Delta Chat's core. Get it with "npm install --global @deltachat/stdio-rpc-server", or say where it is with --core FILE.`
      : `--core ${given}: there is no such program.`,
  );
}
