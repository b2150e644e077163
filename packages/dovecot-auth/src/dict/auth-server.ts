import { randomBytes } from 'node:crypto';
import type { AuthBackend, LoginOutcome, UserRecord } from '../backend.ts';
import { lookup as findUser, verify } from '../backend-answers.ts';
import { systemClock } from '../clock.ts';
import { reasonText } from '../reason.ts';
import { dovecotUserName, userNameFrom } from '../user-name.ts';
import { matchesWildcard } from '../wildcard.ts';
import type { DictHandlers } from './handlers.ts';
import { readPasswordKey } from './password-key.ts';
import { createDictServer } from './server.ts';
import type { DictServer, DictServerOptions } from './server.ts';

export interface DictAuthServerOptions extends Omit<DictServerOptions, 'handlers'> {
  readonly backend: AuthBackend;
  /** The 32 bytes of `key=…` in Dovecot's `password_key`. */
  readonly passwordKey: Uint8Array;
  readonly userName?: RegExp;
}

const PASSDB = 'shared/passdb/';
const USERDB = 'shared/userdb/';

/**
 * Accounts for Dovecot 2.3 through `passdb dict` and `userdb dict`; 2.4 removed both.
 * @throws RangeError when the password key has not 32 bytes.
 */
export function createDictAuthServer(options: DictAuthServerOptions): DictServer {
  if (options.passwordKey.length !== 32) {
    throw new RangeError(`the password key has ${options.passwordKey.length} bytes instead of 32`);
  }
  return createDictServer({ ...options, handlers: { auth: authDict(options) } });
}

/** The backend as the dict named `auth`. */
function authDict(options: DictAuthServerOptions): DictHandlers {
  const { backend, passwordKey, userName = dovecotUserName, onEvent = () => {}, clock = systemClock } = options;
  const lookup = async (name: string, signal: AbortSignal): Promise<UserRecord | undefined> => {
    const user = userNameFrom(name, userName);
    return user === undefined ? undefined : findUser(backend, user, signal);
  };
  return {
    async lookup(key, { signal, connection }) {
      if (key.startsWith(USERDB)) {
        const record = await lookup(key.slice(USERDB.length), signal);
        return record === undefined ? undefined : JSON.stringify(record.fields);
      }
      if (!key.startsWith(PASSDB)) throw new Error('a dict key is neither in passdb/ nor in userdb/');
      const { service, remoteAddress, password, user: name } = readPasswordKey(key.slice(PASSDB.length), passwordKey);
      if (password === undefined) {
        // Nothing has been proven, and nothing may be created; what exists is told, but lets nobody in.
        return (await lookup(name, signal)) === undefined ? undefined : impossiblePassword();
      }
      const user = userNameFrom(name, userName);
      if (user === undefined) return undefined;
      const attempt = { user, password, service, signal, ...(remoteAddress !== undefined && { remoteAddress }) };
      const startedAt = clock.now();
      const answered = (outcome: LoginOutcome['kind'] | 'failed'): void =>
        onEvent({ kind: 'login.answered', connection, service, outcome, durationMs: clock.now() - startedAt });
      try {
        const outcome = await verify(backend, attempt);
        answered(outcome.kind);
        return passdbReply(outcome);
      } catch (cause) {
        answered('failed');
        throw cause;
      }
    },
    async *iterate({ path }, { signal }) {
      if (!path.startsWith(USERDB)) throw new Error('only userdb/ can be listed');
      const mask = path.slice(USERDB.length);
      for await (const user of backend.users(signal)) {
        if (mask === '' || matchesWildcard(user, mask)) yield [`${USERDB}${user}`, ''];
      }
    },
  };
}

/** dovecot src/auth/db-dict.c: the fields of a passdb; those that begin with `userdb_` go to `userdb prefetch`. */
function passdbReply(outcome: LoginOutcome): string | undefined {
  if (outcome.kind === 'accepted') {
    const userdb = Object.entries(outcome.record.fields).map(([name, value]) => [`userdb_${name}`, value]);
    return JSON.stringify({ nopassword: 'y', ...Object.fromEntries(userdb) });
  }
  return outcome.reason === undefined
    ? undefined
    : // Dovecot drops what a failed passdb said, the reason with it. So this one neither fails nor succeeds: the reason
      // is kept, and the next passdb, which our configuration makes refuse everybody, fails the login.
      JSON.stringify({ noauthenticate: 'y', reason: reasonText(outcome.reason) });
}

/** A password that nobody has. */
function impossiblePassword(): string {
  return JSON.stringify({ password: `{PLAIN}${randomBytes(24).toString('hex')}` });
}
