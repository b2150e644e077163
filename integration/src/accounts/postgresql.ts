import { ensureImage } from '@postern/docker';
import { Pool } from 'pg';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';

/** A PostgreSQL of its own, as Debian ships it. */
export interface PostgresqlServer extends AsyncDisposable {
  readonly container: StartedTestContainer;
  /** Makes a new, empty database. @returns its address. */
  createDatabase(): Promise<string>;
  /** Runs a statement as the server's operator. */
  run(sql: string): Promise<void>;
}

export async function startPostgresql(): Promise<PostgresqlServer> {
  const container = await new GenericContainer(await ensureImage('postgresql', 'trixie'))
    .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/).withStartupTimeout(120_000))
    .start();
  const addressOf = (database: string): string =>
    `postgresql://postgres@${container.getIpAddress('bridge')}/${database}`;
  // One connection for all: a program started in the container for each database would cost more than the database.
  const operator = new Pool({ connectionString: addressOf('postgres'), max: 1 });
  operator.on('error', () => {}); // the server is gone, which a test may want
  let made = 0;
  return {
    container,
    async createDatabase() {
      made += 1;
      const name = `postern${made}`;
      await operator.query(`create database ${name} strategy file_copy`);
      return addressOf(name);
    },
    async run(sql) {
      await operator.query(sql);
    },
    async [Symbol.asyncDispose]() {
      await operator.end();
      await container.stop();
    },
  };
}
