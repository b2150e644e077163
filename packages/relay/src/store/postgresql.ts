import { Kysely, PostgresDialect } from 'kysely';
import { Pool, TypeOverrides } from 'pg';
import { storeError } from './errors.ts';
import type { OpenedDatabase } from './store.ts';
import type { Tables } from './tables.ts';

const maxConnections = 10;
/** For a place in the pool, or a new connection; and for one statement. Together below the 9 s after which a login counts as failed. */
const connectTimeoutMs = 5_000;
const statementTimeoutMs = 3_000;

export function openPostgresql(location: { readonly url: string }): OpenedDatabase {
  const where = withoutPassword(location.url);
  const pool = new Pool({
    connectionString: location.url,
    max: maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + 1_000, // for a host that is gone without a word
    idle_in_transaction_session_timeout: statementTimeoutMs,
    application_name: 'postern',
    keepAlive: true,
    types: bigintsAsNumbers(),
  });
  // A connection that breaks is replaced at its next use, and the query on it fails by itself. Without these listeners,
  // one for connections that wait and one for those in use, it would end the process.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return { db: new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }), where, check: () => {} };
}

/** Our own numbers are seconds and counts, far below 2^53. */
function bigintsAsNumbers(): TypeOverrides {
  const bigint = 20; // PostgreSQL src/include/catalog/pg_type.dat, int8
  const overrides = new TypeOverrides();
  overrides.setTypeParser(bigint, Number);
  return overrides;
}

function withoutPassword(url: string): string {
  try {
    const address = new URL(url);
    address.password = '';
    address.search = '';
    return address.href;
  } catch (cause) {
    throw storeError(cause, 'store.url');
  }
}
