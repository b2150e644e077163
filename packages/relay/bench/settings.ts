import { chmod, mkdir } from 'node:fs/promises';
import { insertAccount } from '../src/accounts/records.ts';
import { type Config, parseConfig } from '../src/running.ts';
import { storeLocation } from '../src/services/settings.ts';
import { ensureDkimKeys } from '../src/setup/dkim-keys.ts';
import { layoutOf } from '../src/setup/layout.ts';
import { openStore } from '../src/store/store.ts';

const unlimited = 1e12;
/** As many as the benchmark has: whoever has no account may not send. */
const senders = 10;

/** The relay `bench.example` in a folder of its own. Its limits count as ever, but are so high that no benchmark meets them. */
export async function benchmarkRelay(folder: string, workers = 1): Promise<Config> {
  const config = parseConfig(
    `domain = "bench.example"\ndata = "${folder}"\nrun = "${folder}"\nfilter.workers = ${workers}`,
    'the benchmark',
  );
  const layout = layoutOf(config);
  await mkdir(layout.dkimFolder, { recursive: true });
  await ensureDkimKeys(config, layout);
  await chmod(folder, 0o755); // Postfix passes through it
  const store = await openStore(storeLocation(config));
  await store.write(async (db) => {
    for (let n = 0; n < senders; n += 1) {
      const row = { password: '{LOCKED}', proof: null, created_day: 0, reserved_until: null };
      await insertAccount(db, { address: `user${n}@bench.example`, ...row });
    }
  });
  await store.close();
  return {
    ...config,
    limits: { ...config.limits, messagesPerMinute: unlimited, recipientsPerHour: unlimited, bytesPerDay: unlimited },
  };
}
