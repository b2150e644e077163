import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeAdministration } from '../../../packages/relay/test/accounts/administration-suite.ts';
import { describeAccounts } from '../../../packages/relay/test/accounts/backend-suite.ts';
import { describeExchange } from '../../../packages/relay/test/accounts/exchange-suite.ts';
import { describePasswords } from '../../../packages/relay/test/accounts/password-suite.ts';
import { describeProcesses } from '../../../packages/relay/test/accounts/process-suite.ts';
import { describePuttingOut } from '../../../packages/relay/test/accounts/putting-out-suite.ts';
import { describeRegistration } from '../../../packages/relay/test/accounts/registration-suite.ts';
import { describeSecret } from '../../../packages/relay/test/accounts/secret-suite.ts';
import { describeUnused } from '../../../packages/relay/test/accounts/unused-suite.ts';
import { login, never, testRelay } from '../../../packages/relay/test/accounts/relay-fixture.ts';
import { describePush } from '../../../packages/relay/test/push/push-suite.ts';
import { describeExpiry } from '../../../packages/relay/test/expiry/expiry-suite.ts';
import { describePostgresql } from '../../../packages/relay/test/store/postgresql-suite.ts';
import { openStore, type Store, type StoreLocation } from '../../../packages/relay/src/store/store.ts';
import { type PostgresqlServer, startPostgresql } from '../../src/accounts/postgresql.ts';

let server: PostgresqlServer;
beforeAll(async () => {
  server = await startPostgresql();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const locate = async (): Promise<StoreLocation> => ({ kind: 'postgresql', url: await server.createDatabase() });
const open = async (): Promise<Store> => await openStore(await locate());

describeAccounts('PostgreSQL', open);
describePasswords('PostgreSQL', open);
describeRegistration('PostgreSQL', open);
describeAdministration('PostgreSQL', open);
describePuttingOut('PostgreSQL', open);
describeExchange('PostgreSQL', open);
describeSecret('PostgreSQL', open);
describeUnused('PostgreSQL', open);
describeExpiry('PostgreSQL', open);
describeProcesses('PostgreSQL', locate);
describePush('PostgreSQL', open);

describePostgresql(locate);

describe('a relay on PostgreSQL', () => {
  it('survives that all its connections are cut, and that the server is gone', async () => {
    await using own = await startPostgresql();
    const store = await openStore({ kind: 'postgresql', url: await own.createDatabase() });
    const { backend } = testRelay(store);
    const attempt = login('survivor1@chat.example', 'correct horse');
    await backend.verify(attempt);
    const cut = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'postern'`;
    await own.run(cut);
    // Whoever is the first to use a connection may be the one who learns that it is gone, and is told to come back.
    await expect.poll(() => backend.verify(attempt).then(({ kind }) => kind, String)).toBe('accepted');
    await own.container.stop();
    await expect(backend.verify(attempt)).rejects.toMatchObject({ name: 'StoreError', code: 'unreachable' });
    await expect(backend.lookup(attempt.user, never)).rejects.toMatchObject({ code: 'unreachable' });
    await store.close();
  });
});
