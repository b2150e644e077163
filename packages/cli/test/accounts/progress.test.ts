import { describe, expect, it } from 'vitest';
import { progress } from '../../src/accounts/progress.ts';

function show(screen: { isTTY?: boolean }, times: readonly number[]): string {
  let [now, written] = [0, ''];
  const shown = progress('deleted', { ...screen, write: (text) => (written += text) }, () => now);
  for (const [at, time] of times.entries()) {
    now = time;
    shown.report((at + 1) * 1_000);
  }
  shown.end();
  return written;
}

describe('the progress of long work', () => {
  it('is shown on a terminal twice a second, and wiped at the end', () => {
    expect(show({ isTTY: true }, [100, 500, 999, 1_000])).toBe('\rdeleted: 2,000\rdeleted: 4,000\r\u001b[K');
  });

  it('is not shown of work that is done at once, nor to a program', () => {
    expect(show({ isTTY: true }, [100, 200])).toBe('');
    expect(show({}, [1_000, 2_000])).toBe('');
  });
});
