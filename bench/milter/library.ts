import { TestMta } from '@postern/milter/testing';
import { measureSession } from '../../packages/milter/bench/session.ts';
import { type BenchRow, median, percentile, row } from '../harness.ts';
import { startFilter } from './filter-process.ts';

const rounds = 5;
const messages = 3000;
const body = Buffer.alloc(3000, 'x');
const headers = Array.from({ length: 10 }, (_, index) => [`X-Header-${index}`, ` value ${index}`] as const);

/** The library without a mail server: how much one core does, and how long a message waits for its verdict. */
export async function libraryAlone(): Promise<BenchRow[]> {
  await using filter = await startFilter();
  const latencies: number[] = [];
  const rates: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const conversation = await new TestMta({ path: filter.path }).open();
    const startedAt = performance.now();
    for (let count = 0; count < messages; count += 1) {
      await conversation.mail('<sender@example.org>');
      await conversation.rcpt('<recipient@example.net>');
      for (const [name, value] of headers) await conversation.header(name, value);
      await conversation.body(body);
      const endedAt = performance.now();
      await conversation.endOfMessage();
      if (round > 0) latencies.push(performance.now() - endedAt);
      conversation.abort();
    }
    if (round > 0) rates.push((messages * 1000) / (performance.now() - startedAt));
    await conversation.quit();
  }
  return [
    row({
      name: 'the protocol alone, 10 headers and 3 KB',
      value: median(await measureSession(rounds)),
      unit: 'messages/s and core',
      target: { kind: 'at least', limit: 10_000, of: 'value' },
    }),
    row({ name: 'with the test client, over a unix socket', value: median(rates), unit: 'messages/s' }),
    row({ name: 'end of message to verdict, p50', value: percentile(latencies, 50), unit: 'ms' }),
    row({ name: 'end of message to verdict, p99', value: percentile(latencies, 99), unit: 'ms' }),
  ];
}
