/** A service of ours that runs until it is stopped. */
export interface Service {
  /** Finishes what is under way, then ends. */
  stop(): Promise<void>;
}

/** An error as a log line may say it: what failed, without anybody's data. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  return `${error.name}${code}: ${error.message}`;
}
