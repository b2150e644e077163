import { dayOf } from '../accounts/records.ts';
import { refusesCleartext, setCleartextRefusal } from '../mail/cleartext-refusals.ts';
import type { MetadataEntries, MetadataEntry } from '../metadata/entry.ts';
import { addToken, isDeviceToken, removeTokens, tokensOf } from '../push/device-tokens.ts';
import type { Store } from '../store/store.ts';

export interface UserEntriesOptions {
  readonly store: Store;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Whether devices are woken at all; without that their tokens are taken, but not kept. */
  readonly isPushing: boolean;
}

/** What users set for themselves over IMAP METADATA. */
export function userEntries({ store, now, isPushing }: UserEntriesOptions): MetadataEntries {
  return new Map([
    ['/private/devicetoken', deviceTokens(store, () => dayOf(now()), isPushing)],
    ['/private/vendor/postern/incoming-cleartext', incomingCleartext(store)],
  ]);
}

/** Every value that is set is one more device; NIL removes them all (chatmail core src/imap.rs register_token). */
function deviceTokens(store: Store, today: () => number, isPushing: boolean): MetadataEntry {
  return {
    async read(user) {
      const tokens = await store.read((db) => tokensOf(db, user, today()));
      return tokens.length === 0 ? undefined : tokens.join(' ');
    },
    change: {
      accepts: isDeviceToken,
      async write(db, address, token) {
        if (token === undefined) await removeTokens(db, address);
        else if (isPushing) await addToken(db, { address, token, day: today() });
      },
    },
  };
}

/** `refuse` or `accept`; NIL is the latter. */
function incomingCleartext(store: Store): MetadataEntry {
  return {
    async read(user) {
      return (await store.read((db) => refusesCleartext(db, user))) ? 'refuse' : 'accept';
    },
    change: {
      accepts: (value) => value === 'refuse' || value === 'accept',
      write: (db, user, value) => setCleartextRefusal(db, user, value === 'refuse'),
    },
  };
}
