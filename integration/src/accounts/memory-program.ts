/** Prints how much memory a backend takes with a database that is there: `node memory-program.ts DATABASE COUNT`. */
import { openStore } from '../../../packages/relay/src/store/store.ts';
import { benchBackend, benchUser } from './bench-accounts.ts';

const [path = '', count = '1'] = process.argv.slice(2);
const store = await openStore({ kind: 'sqlite', path });
const backend = benchBackend(store);
const signal = new AbortController().signal;
for (let at = 0; at < 20_000; at += 1) {
  await backend.lookup(benchUser(Math.floor(Math.random() * Number(count))), signal);
}
let listed = 0;
for await (const _ of backend.users(signal)) listed += 1;
console.log(JSON.stringify({ rss: process.memoryUsage().rss, listed }));
await store.close();
