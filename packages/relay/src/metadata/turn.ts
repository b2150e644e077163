import { createHmac } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

export interface TurnServerOptions {
  readonly host: string;
  readonly port: number;
  /** What the TURN server knows too (coturn: `static-auth-secret`). */
  readonly secret: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Whether the server answers; settles within seconds and never throws. */
  readonly probe: () => Promise<boolean>;
}

/** Clients ask again when less than twelve hours are left (chatmail core src/imap.rs). */
const validSeconds = 3 * 86_400;
/** A server that answers is asked again after so long, one that does not sooner. */
const probeAfterMs = { up: 60_000, down: 15_000 };
/** A client that connects waits no longer than this, and only when nothing is known of the server yet. */
const patienceMs = 1_000;

/** A TURN server that makes no accounts: whoever knows the secret can vouch for a user until a certain time. */
export class TurnServer {
  readonly #options: TurnServerOptions;
  #isUp: boolean | undefined;
  #probedAt = -Infinity;
  #probing: Promise<void> | undefined;

  constructor(options: TurnServerOptions) {
    this.#options = options;
  }

  /**
   * `HOST:PORT:UNTIL:PASSWORD`, as Delta Chat reads it (chatmail core src/calls.rs); nothing while the server does not
   * answer.
   */
  async offer(): Promise<string | undefined> {
    const { host, port, secret, now } = this.#options;
    this.#refresh();
    if (this.#isUp === undefined) {
      await using patience = abortable();
      await Promise.race([this.#probing, delay(patienceMs, undefined, patience).catch(() => {})]);
    }
    if (this.#isUp !== true) return undefined;
    const until = String(Math.floor(now() / 1_000) + validSeconds);
    return `${host}:${port}:${until}:${turnPassword(secret, until)}`;
  }

  #refresh(): void {
    const { now, probe } = this.#options;
    const age = now() - this.#probedAt;
    if (this.#probing !== undefined || (age >= 0 && age < probeAfterMs[this.#isUp === true ? 'up' : 'down'])) return;
    this.#probing = probe().then((isUp) => {
      this.#isUp = isUp;
      this.#probedAt = now();
      this.#probing = undefined;
    });
  }
}

/** draft-uberti-behave-turn-rest-00 §2.2, where the user name is the time until which it is good. */
export function turnPassword(secret: string, userName: string): string {
  return createHmac('sha1', secret).update(userName).digest('base64');
}

/** A timer that does not outlive what it is for. */
function abortable(): AsyncDisposable & { readonly signal: AbortSignal } {
  const abort = new AbortController();
  return { signal: abort.signal, [Symbol.asyncDispose]: async () => abort.abort() };
}
