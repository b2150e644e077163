import { readFile, statfs } from 'node:fs/promises';
import type { Shortage } from './policy.ts';
import type { AccountSettings } from './settings.ts';

/** What the machine has left. Whatever cannot be read is undefined, and then no reason to refuse anybody. */
export interface Resources {
  readonly load1m: number | undefined;
  readonly freeMemoryBytes: number | undefined;
  readonly freeDiskBytes: number | undefined;
}

export function shortagesOf(resources: Resources, limits: AccountSettings['shortages']): Shortage[] {
  const { load1m = 0, freeMemoryBytes = Infinity, freeDiskBytes = Infinity } = resources;
  const shortages: Shortage[] = [];
  if (load1m > limits.maxLoad1m) shortages.push('load');
  if (freeMemoryBytes < limits.minFreeMemoryBytes) shortages.push('memory');
  if (freeDiskBytes < limits.minFreeDiskBytes) shortages.push('disk');
  return shortages;
}

/** Source: proc_loadavg(5), proc_meminfo(5). */
async function readResources(diskFolder: string): Promise<Resources> {
  const [load, memory, disk] = await Promise.all([
    optional(readFile('/proc/loadavg', 'utf8')),
    optional(readFile('/proc/meminfo', 'utf8')),
    optional(statfs(diskFolder)),
  ]);
  return {
    load1m: number(/^\S+/.exec(load ?? '')?.[0]),
    freeMemoryBytes: times(number(/^MemAvailable:\s+(\d+) kB/m.exec(memory ?? '')?.[1]), 1024),
    freeDiskBytes: disk && disk.bavail * disk.bsize,
  };
}

/** Looks once per second, however many ask. @param now milliseconds. */
export function resourceReader(diskFolder: string, now: () => number): () => Promise<Resources> {
  let latest: { readonly at: number; readonly resources: Promise<Resources> } | undefined;
  return async () => {
    if (latest === undefined || Math.abs(now() - latest.at) > freshMs) {
      latest = { at: now(), resources: readResources(diskFolder) };
    }
    return await latest.resources;
  };
}

const freshMs = 1_000;

async function optional<T>(reading: Promise<T>): Promise<T | undefined> {
  return await reading.catch(() => undefined);
}

function number(text: string | undefined): number | undefined {
  const value = Number(text);
  return text === undefined || Number.isNaN(value) ? undefined : value;
}

function times(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}
