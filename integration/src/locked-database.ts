import { setTimeout as delay } from 'node:timers/promises';
import type { StdioDeltaChat } from '@deltachat/jsonrpc-client';

const attempts = 10;
const pauseMs = 100;

/**
 * On a busy machine a call now and then fails because the core met itself in its database, which it does not wait for
 * (chatmail/core issue 6066). What it was to write is not written, and it is made again.
 */
export function askAgainWhenLocked(core: StdioDeltaChat): StdioDeltaChat {
  const request = core.transport.request.bind(core.transport);
  core.transport.request = async (method, params) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await request(method, params);
      } catch (error) {
        if (attempt === attempts || !isLocked(error)) throw error;
      }
      await delay(pauseMs);
    }
  };
  return core;
}

/** What the library throws is the answer's error object. */
function isLocked(error: unknown): boolean {
  return String(Object(error).message).includes('database is locked');
}
