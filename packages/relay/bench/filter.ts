import { insertAccount } from '../src/accounts/records.ts';
import { createLog, parseConfig, startService } from '../src/running.ts';
import { storeLocation } from '../src/services/settings.ts';
import { openStore } from '../src/store/store.ts';

/**
 * The filter as it runs in a relay, for measuring: `filter.ts DATA_FOLDER WORKERS`, on sockets that it inherits. The
 * limits count as ever, but are so high that no benchmark meets them.
 */
const [folder = '', workers = '1'] = process.argv.slice(2);
const config = parseConfig(
  `domain = "bench.example"\ndata = "${folder}"\nrun = "${folder}"\nfilter.workers = ${workers}`,
  'the benchmark',
);
const unlimited = 1e12;
/** As many as the benchmark has senders: whoever has no account may not send. */
const senders = 10;

const store = await openStore(storeLocation(config));
await store.write(async (db) => {
  for (let n = 0; n < senders; n += 1) {
    const row = { password: '{LOCKED}', proof: null, created_day: 0, reserved_until: null };
    await insertAccount(db, { address: `user${n}@bench.example`, ...row });
  }
});
await store.close();
await startService(
  'filter',
  {
    ...config,
    limits: { ...config.limits, messagesPerMinute: unlimited, recipientsPerHour: unlimited, bytesPerDay: unlimited },
  },
  createLog('filter'),
);
