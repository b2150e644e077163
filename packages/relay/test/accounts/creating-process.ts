import { randomBytes } from 'node:crypto';
import { createAccountBackend } from '../../src/accounts/backend.ts';
import { openStore, type StoreLocation } from '../../src/store/store.ts';
import { login, testSecrets, testSettings } from './relay-fixture.ts';

/** What the process is told, as JSON in its only argument. */
export interface Orders {
  readonly location: StoreLocation;
  readonly attempts: readonly { readonly user: string; readonly password: string }[];
}

const patienceMs = 180_000;

/**
 * Tries all logins at the same time, and says of each, in one line, how it ended. Who is told to come back does, as
 * clients do: on a busy machine there are some. Started by tests, several at once.
 */
async function main(): Promise<void> {
  const { location, attempts }: Orders = JSON.parse(process.argv[2] ?? '');
  const store = await openStore(location);
  const backend = createAccountBackend({
    store,
    settings: testSettings,
    secrets: testSecrets,
    now: Date.now,
    random: randomBytes,
    onEvent: () => {},
  });
  process.stdout.write('ready\n');
  await new Promise((resolve) => process.stdin.once('data', resolve));
  const deadline = performance.now() + patienceMs;
  const verify = async (user: string, password: string): Promise<{ readonly kind: string }> => {
    for (;;) {
      const outcome = await backend.verify(login(user, password)).catch(() => ({ kind: 'failed' }));
      if (outcome.kind !== 'failed' || performance.now() > deadline) return outcome;
    }
  };
  await Promise.all(
    attempts.map(async ({ user, password }) => {
      const outcome = await verify(user, password);
      process.stdout.write(`${outcome.kind} ${user} ${password}\n`);
    }),
  );
  await backend.close();
  await store.close();
  process.exit(0);
}

await main();
