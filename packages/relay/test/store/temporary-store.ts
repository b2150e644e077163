import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type Store } from '../../src/store/store.ts';

/** A store in a folder of its own, which goes when it is closed. */
export async function temporaryStore(): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-store-'));
  const store = await openStore({ kind: 'sqlite', path: join(folder, 'postern.db') });
  return {
    kind: store.kind,
    where: store.where,
    read: (work) => store.read(work),
    write: (work, lock) => store.write(work, lock),
    close: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}
