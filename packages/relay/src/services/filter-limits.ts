import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import type { FilterEventListener } from '../mail/filter-events.ts';
import type { Ledger } from '../mail/ledger.ts';
import { PacingLimiter } from '../mail/limiter.ts';
import { LocalLedger } from '../mail/local-ledger.ts';
import { SharedLedger } from '../mail/shared-ledger.ts';
import { openStore, type Store } from '../store/store.ts';
import { storeLocation } from './settings.ts';

/** Half of what may be lost when this process is killed: the other half is for the writing itself. */
const saveIntervalMs = 500;
const savePatienceMs = 400;
/** Below the 30 s after which Postfix gives up, together with what a message may be held. */
const sharedPatienceMs = 5_000;
const cleaningIntervalMs = 600_000;

export interface FilterLimits extends AsyncDisposable {
  readonly limiter: PacingLimiter;
}

/** The limits as configured, on the store that is configured. Works, by deferring mail, also while that cannot be reached. */
export async function openLimits(config: Config, onEvent: FilterEventListener): Promise<FilterLimits> {
  const { limits, store } = config;
  const { ledger, work, intervalMs } =
    store.url === 'sqlite' ? openLocal(config, onEvent) : openShared(config, onEvent);
  const limiter = new PacingLimiter({
    ledger,
    budgets: {
      from: limits,
      to: {
        messagesPerMinute: limits.incomingMessagesPerMinute,
        recipientsPerHour: Infinity,
        bytesPerDay: limits.incomingBytesPerDay,
      },
    },
    pacing: { maxHoldMs: limits.pacingSeconds * 1000, maxHeld: limits.heldAtOnce },
    wait: async (ms, signal) => {
      // Abandoned when the message is: whoever waits looks at the signal then.
      await delay(ms, undefined, { signal }).catch(() => {});
    },
    now: () => performance.now(),
    prefix: randomUUID(),
  });
  await work();
  const timer = setInterval(() => void work(), intervalMs);
  return {
    limiter,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await ledger.close();
    },
  };
}

interface Opened {
  readonly ledger: Ledger;
  /** To be done every `intervalMs`. */
  readonly work: () => Promise<void>;
  readonly intervalMs: number;
}

function openLocal(config: Config, onEvent: FilterEventListener): Opened {
  const options = { patienceMs: savePatienceMs, waitsForDisk: false };
  const open = (): Promise<Store> => openStore(storeLocation(config), options);
  const clock = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };
  const ledger = new LocalLedger({ openStore: open, clock, onEvent });
  return { ledger, work: () => ledger.save(), intervalMs: saveIntervalMs };
}

function openShared(config: Config, onEvent: FilterEventListener): Opened {
  const open = (): Promise<Store> => openStore(storeLocation(config), { patienceMs: sharedPatienceMs });
  const ledger = new SharedLedger({ openStore: open, onEvent });
  return { ledger, work: () => ledger.clean(), intervalMs: cleaningIntervalMs };
}
