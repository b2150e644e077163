import type { TestRelay } from '../../integration/src/relay.ts';

/** What all programs of a relay used so far, as either version of the kernel's control groups has it. */
export async function cpuSeconds(relay: TestRelay): Promise<number> {
  const nanoseconds = await relay.run(
    `cd /sys/fs/cgroup; cat cpuacct/cpuacct.usage 2>&- || sed -n 's/^usage_usec \\(.*\\)/\\1000/p' cpu.stat`,
  );
  return Number(nanoseconds) / 1e9;
}
