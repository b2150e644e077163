import { ensureImage } from '@postern/docker';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';

/** A PostgreSQL of its own, as Debian ships it. */
export interface PostgresqlServer extends AsyncDisposable {
  readonly container: StartedTestContainer;
  /** Makes a new, empty database. @returns its address. */
  createDatabase(): Promise<string>;
}

export async function startPostgresql(): Promise<PostgresqlServer> {
  const container = await new GenericContainer(await ensureImage('postgresql', 'trixie'))
    .withExposedPorts(5432)
    .withWaitStrategy(Wait.forSuccessfulCommand('pg_isready --host 127.0.0.1').withStartupTimeout(60_000))
    .start();
  let made = 0;
  return {
    container,
    async createDatabase() {
      made += 1;
      const { exitCode, output } = await container.exec(['createdb', '--username', 'postgres', `postern${made}`]);
      if (exitCode !== 0) throw new Error(`createdb: ${output}`);
      return `postgresql://postgres@127.0.0.1:${container.getMappedPort(5432)}/postern${made}`;
    },
    async [Symbol.asyncDispose]() {
      await container.stop();
    },
  };
}
