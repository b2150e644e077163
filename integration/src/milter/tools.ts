import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureImage } from '@postern/docker';
import { GenericContainer } from 'testcontainers';

/** A container with miltertest and opendkim, which shares a folder for sockets with the tests. */
export interface MilterTools extends AsyncDisposable {
  /** The folder, as the tests see it; inside it is `/milter`. */
  readonly folder: string;
  /** Runs a command inside. */
  run(...command: string[]): Promise<{ output: string; exitCode: number }>;
}

export async function startMilterTools(): Promise<MilterTools> {
  const folder = await mkdtemp(join(tmpdir(), 'milter-tools-'));
  await chmod(folder, 0o777);
  const container = await new GenericContainer(await ensureImage('milter-tools', 'trixie'))
    .withBindMounts([{ source: folder, target: '/milter' }])
    .start();
  return {
    folder,
    run: (...command) => container.exec(command),
    async [Symbol.asyncDispose]() {
      await container.stop({ timeout: 0 });
      await rm(folder, { recursive: true, force: true });
    },
  };
}
