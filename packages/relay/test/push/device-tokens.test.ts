import { describe, expect, it } from 'vitest';
import { isDeviceToken } from '../../src/push/device-tokens.ts';
import { temporaryStore } from '../store/temporary-store.ts';
import { describePush } from './push-suite.ts';

describePush('SQLite', temporaryStore);

describe('a device token', () => {
  it('is what clients make of it, and nothing else', () => {
    expect(isDeviceToken('openpgp:wcFMA0Zz')).toBe(true);
    expect(isDeviceToken('openpgp:d3d3d3c=')).toBe(true);
    expect(isDeviceToken(`openpgp:${'A'.repeat(4_088)}`)).toBe(true);
    const others = [
      '',
      '1111',
      'openpgp:',
      'openpgp:AAA',
      'openpgp:AAAA=',
      'openpgp:AAA==',
      'openpgp:AAAA AAAA',
      'openpgp:AAAA\r\nX: y',
      'openpgp:-_-_',
      ' openpgp:AAAA',
      'openpgp:AAAA\n',
      'fcm-chat.delta:AAAA',
      `openpgp:${'A'.repeat(4_092)}`,
    ];
    expect(others.filter(isDeviceToken)).toEqual([]);
  });
});
