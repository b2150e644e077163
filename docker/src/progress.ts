/** Says what is being done while it is being done; long work is reported every ten seconds, so that nobody meets silence. */
export async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
  const startedAt = Date.now();
  const seconds = (): string => `${Math.round((Date.now() - startedAt) / 1000)} s`;
  process.stderr.write(`· ${title} …\n`);
  const ticker = setInterval(() => process.stderr.write(`  still at it (${seconds()}): ${title}\n`), 10_000);
  try {
    const result = await work();
    if (Date.now() - startedAt > 1000) process.stderr.write(`  done in ${seconds()}: ${title}\n`);
    return result;
  } finally {
    clearInterval(ticker);
  }
}

/** A message for the person at the terminal: what is wrong, and what to do. Printed without a stack trace, exit code 1. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}
