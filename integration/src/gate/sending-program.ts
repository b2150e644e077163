import { randomUUID } from 'node:crypto';
import { SharedLedger } from '../../../packages/relay/src/mail/shared-ledger.ts';
import { openStore } from '../../../packages/relay/src/store/store.ts';

/** Takes as much out of one account's budget as it gets, with many messages at once, and says how much that was. */
async function main(): Promise<void> {
  const [url = '', attempts = '0'] = process.argv.slice(2);
  const ledger = new SharedLedger({ openStore: () => openStore({ kind: 'postgresql', url }), onEvent: () => {} });
  const key = 'from alice@chat.example';
  const demand = { messages: 1, recipients: 1, bytes: 1_000 };
  const budget = { messagesPerMinute: 60, recipientsPerHour: 1_000, bytesPerDay: 1_000_000 };
  const outcomes = await Promise.all(
    Array.from({ length: Number(attempts) }, async () => {
      const id = randomUUID();
      // On a busy machine some wait too long and are deferred; who is deferred comes again.
      for (;;) {
        const { kind } = await ledger.reserve({ id, key, demand, budget, pace: false });
        if (kind === 'unavailable') continue;
        if (kind === 'reserved') ledger.settle(key, id, demand);
        return kind;
      }
    }),
  );
  await ledger.close();
  process.stdout.write(JSON.stringify(outcomes));
}

await main();
