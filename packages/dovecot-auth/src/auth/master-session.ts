import type { UserRecord } from '../backend.ts';
import { DovecotProtocolError } from '../errors.ts';
import { userNameFrom } from '../user-name.ts';
import { protocolVersion } from './client-messages.ts';
import type { UnclaimedLogins } from './logins.ts';
import { masterLines, parseMasterMessage } from './master-messages.ts';
import type { MasterMessage } from './master-messages.ts';

/** What the server has to do next for a mail process, LMTP or doveadm. */
export type MasterStep =
  | { readonly kind: 'send'; readonly line: string }
  /** See whether the login still holds, then say so to `claimed(…)`, or call `failed(…)`. */
  | { readonly kind: 'claim'; readonly id: number; readonly record: UserRecord }
  /** Look the user up, then give what was found to `found(…)`, or call `failed(…)`. */
  | { readonly kind: 'lookup'; readonly id: number; readonly command: 'USER' | 'PASS'; readonly user: string }
  /** Send `masterLines.listed` for every user whose name matches the mask, then `listed(…)`. */
  | { readonly kind: 'list'; readonly id: number; readonly mask: string };

export interface MasterSessionOptions {
  readonly serverPid: number;
  readonly userName: RegExp;
  readonly logins: UnclaimedLogins;
}

/** One connection to the master socket, without its socket. */
export class MasterSession {
  readonly #options: MasterSessionOptions;
  #isReady = false;
  #isListing = false;

  constructor(options: MasterSessionOptions) {
    this.#options = options;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  start(): MasterStep[] {
    return masterLines.handshake(this.#options.serverPid).map(send);
  }

  /** @throws DovecotProtocolError when the peer broke the protocol. */
  receive(line: string, now: number): MasterStep[] {
    const message = parseMasterMessage(line);
    if (!this.#isReady) return this.#handshake(message);
    switch (message.kind) {
      case 'claim': {
        const record = this.#options.logins.claim(message.key, now);
        // FAIL, not NOTFOUND: the login was right, it only is not known here any more.
        if (record === undefined) return this.failed(message.id);
        return [{ kind: 'claim', id: message.id, record }];
      }
      case 'lookup': {
        const user = userNameFrom(message.user, this.#options.userName);
        if (user === undefined) return [send(masterLines.notFound(message.id))];
        return [{ kind: 'lookup', id: message.id, command: message.command, user }];
      }
      case 'list':
        // As in Dovecot: one listing at a time. src/auth/auth-master-connection.c master_input_list()
        if (this.#isListing) return [send(masterLines.listDone(message.id, 'failed'))];
        this.#isListing = true;
        return [{ kind: 'list', id: message.id, mask: message.mask }];
      case 'flush-cache':
        return [send(masterLines.cacheFlushed(message.id))];
      case 'version':
        break;
    }
    throw new DovecotProtocolError('out-of-order', 'an auth master repeated its handshake');
  }

  claimed({ id, record }: { id: number; record: UserRecord }, holds: boolean): MasterStep[] {
    return holds ? [send(this.#user(id, record))] : this.failed(id);
  }

  found(lookup: { id: number; command: 'USER' | 'PASS' }, record: UserRecord | undefined): MasterStep[] {
    if (record === undefined) return [send(masterLines.notFound(lookup.id))];
    const line = lookup.command === 'USER' ? this.#user(lookup.id, record) : masterLines.pass(lookup.id, record.user);
    return [send(line)];
  }

  failed(id: number): MasterStep[] {
    return [send(masterLines.failed(id))];
  }

  listed(id: number, outcome: 'complete' | 'failed'): MasterStep[] {
    this.#isListing = false;
    return [send(masterLines.listDone(id, outcome))];
  }

  #handshake(message: MasterMessage): MasterStep[] {
    if (message.kind !== 'version') {
      throw new DovecotProtocolError('out-of-order', 'an auth master did not begin with VERSION');
    }
    if (message.major !== protocolVersion.major) {
      throw new DovecotProtocolError('unsupported-version', `an auth master speaks version ${message.major}, not 1`);
    }
    this.#isReady = true;
    return [];
  }

  #user(id: number, record: UserRecord): string {
    return masterLines.user(id, record.user, record.fields);
  }
}

function send(line: string): MasterStep {
  return { kind: 'send', line };
}
