import type { DictHandlers } from '@postern/dovecot-auth';
import type { Store } from '../store/store.ts';
import { dictPaths, type MetadataEntries, withoutMailbox } from './entry.ts';

/** IMAP METADATA as a dict of Dovecot's: what is in `entries`, and nothing else. */
export function metadataDict(store: Store, entries: MetadataEntries): DictHandlers {
  const places = new Map([...entries].flatMap(([name, entry]) => dictPaths(name).map((path) => [path, entry])));
  return {
    async lookup(key, { user }) {
      return await places.get(withoutMailbox(key))?.read(user);
    },
    async *iterate({ path, isExactKey }, { user }) {
      const wanted = withoutMailbox(path);
      for (const [place, entry] of places) {
        if (isExactKey ? place !== wanted : !place.startsWith(wanted)) continue;
        const value = await entry.read(user);
        if (value !== undefined) yield [`${path}${place.slice(wanted.length)}`, value];
      }
    },
    async commit({ changes }, { user }) {
      const writes = changes.map((change) => {
        const entry = places.get(withoutMailbox(change.key))?.change;
        if (entry === undefined || change.kind === 'increment') return undefined;
        if (change.kind === 'set' && !entry.accepts(change.value)) return undefined;
        return { entry, value: change.kind === 'set' ? change.value : undefined };
      });
      if (user === '' || writes.includes(undefined)) return 'refused';
      await store.write(async (db) => {
        for (const write of writes) await write?.entry.write(db, user, write.value);
      }, `metadata ${user}`);
      return 'committed';
    },
  };
}
