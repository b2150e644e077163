import type { DictContext, DictTransaction } from '@postern/dovecot-auth';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { metadataDict } from '../../src/metadata/dict.ts';
import { sharedEntries } from '../../src/metadata/shared-entries.ts';
import { userEntries } from '../../src/services/user-entries.ts';
import type { Store } from '../../src/store/store.ts';
import { login, never, testRelay } from '../accounts/relay-fixture.ts';
import { temporaryStore } from '../store/temporary-store.ts';

const alice = 'alice0001@chat.example';
const box = '43f5f508a7ea0366dff30200c15250e3';
const server = 'vendor/vendor.dovecot/pvt/server';
const tokens = `priv/${box}/devicetoken`;
const cleartext = `priv/${box}/${server}/vendor/postern/incoming-cleartext`;

function context(user: string): DictContext {
  return { dict: 'metadata', user, connection: 1, signal: never };
}

function setting(...pairs: readonly (readonly [key: string, value: string | undefined])[]): DictTransaction {
  return {
    expireSeconds: 0,
    changes: pairs.map(([key, value]) => (value === undefined ? { kind: 'unset', key } : { kind: 'set', key, value })),
  };
}

describe('what a client finds over METADATA', () => {
  let store: Store;
  beforeEach(async () => {
    store = await temporaryStore();
    const { backend } = testRelay(store);
    await backend.verify(login(alice, 'long enough for anybody'));
    await backend.close();
  });
  afterEach(async () => {
    await store.close();
  });

  const dict = (isPushing = true) => {
    const handlers = metadataDict(
      store,
      new Map([
        ...sharedEntries({ irohRelay: 'https://iroh.example/', maxRecipients: 1_000 }),
        ...userEntries({ store, now: Date.now, isPushing }),
      ]),
    );
    return {
      lookup: (key: string, user = alice) => handlers.lookup?.(key, context(user)),
      commit: (transaction: DictTransaction, user = alice) => handlers.commit?.(transaction, context(user)),
      list: async (path: string): Promise<(readonly [string, string])[]> => {
        const query = {
          path,
          maxRows: 0,
          isRecursive: true,
          wantsValues: true,
          isExactKey: false,
          order: 'any',
        } as const;
        const rows: (readonly [string, string])[] = [];
        for await (const row of handlers.iterate?.(query, context(alice)) ?? []) rows.push(row);
        return rows;
      },
    };
  };

  it('is shared on the server only, and private on every mailbox', async () => {
    const { lookup, list } = dict();
    expect(await lookup(`shared/${box}/${server}/vendor/deltachat/irohrelay`)).toBe('https://iroh.example/');
    expect(await lookup(`shared/${box}/${server}/vendor/deltachat/maxsmtprecipients`)).toBe('1000');
    expect(await lookup(`shared/${box}/vendor/deltachat/irohrelay`)).toBeUndefined();
    expect(await lookup(`shared/${box}/${server}/comment`)).toBeUndefined();
    expect(await lookup('shared/admin')).toBeUndefined();
    expect(await lookup('priv')).toBeUndefined();
    expect(await list(`shared/${box}/${server}/`)).toEqual([
      [`shared/${box}/${server}/vendor/deltachat/maxsmtprecipients`, '1000'],
      [`shared/${box}/${server}/vendor/deltachat/irohrelay`, 'https://iroh.example/'],
    ]);
    expect(await list(`priv/${box}/vendor/postern/`)).toEqual([
      [`priv/${box}/vendor/postern/incoming-cleartext`, 'accept'],
    ]);
  });

  it('changes as a whole or not at all', async () => {
    const { lookup, commit } = dict();
    expect(await commit(setting([tokens, 'openpgp:AAAA'], [cleartext, 'perhaps']))).toBe('refused');
    expect(await lookup(tokens)).toBeUndefined();
    expect(await commit(setting([tokens, 'openpgp:AAAA'], [cleartext, 'refuse']))).toBe('committed');
    expect(await lookup(tokens)).toBe('openpgp:AAAA');
    expect(await lookup(cleartext)).toBe('refuse');
    expect(await commit(setting([tokens, undefined], [cleartext, undefined]))).toBe('committed');
    expect(await lookup(tokens)).toBeUndefined();
    expect(await lookup(cleartext)).toBe('accept');
  });

  it('cannot be changed by nobody, nor where there is nothing to change', async () => {
    const { commit } = dict();
    expect(await commit(setting([cleartext, 'refuse']), '')).toBe('refused');
    const keys = [
      `shared/${box}/${server}/vendor/deltachat/turn`,
      `priv/${box}/comment`,
      'priv',
      `priv/${box}/devicetoken/x`,
    ];
    const answers = await Promise.all(keys.map(async (key) => await commit(setting([key, 'refuse']))));
    expect(answers).toEqual(keys.map(() => 'refused'));
    const increment = { kind: 'increment', key: cleartext, by: 1n } as const;
    expect(await commit({ expireSeconds: 0, changes: [increment] })).toBe('refused');
    await expect(commit(setting([cleartext, 'refuse']), 'nobody001@chat.example')).rejects.toThrow(/failed/);
  });

  it('is no device token on a relay that wakes no devices', async () => {
    const { lookup, commit } = dict(false);
    expect(await commit(setting([tokens, 'openpgp:AAAA']))).toBe('committed');
    expect(await lookup(tokens)).toBeUndefined();
  });
});
