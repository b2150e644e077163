import { describe, expect, it } from 'vitest';
import { inheritedSockets } from '@postern/dovecot-auth';

describe('sockets that systemd opened', () => {
  it('come under the names of their units', () => {
    const env = { LISTEN_PID: '7', LISTEN_FDS: '3', LISTEN_FDNAMES: 'client:master:client' };
    expect(inheritedSockets({ env, pid: 7 })).toEqual({ client: [{ fd: 3 }, { fd: 5 }], master: [{ fd: 4 }] });
  });

  it('are called unknown when they have no names', () => {
    expect(inheritedSockets({ env: { LISTEN_PID: '7', LISTEN_FDS: '1' }, pid: 7 })).toEqual({ unknown: [{ fd: 3 }] });
  });

  it.each([
    ['nothing was passed', {}],
    ['they were meant for a parent', { LISTEN_PID: '6', LISTEN_FDS: '1' }],
  ])('are none when %s', (_, env) => {
    expect(inheritedSockets({ env, pid: 7 })).toEqual({});
  });

  it.each([
    ['no number', { LISTEN_PID: '7', LISTEN_FDS: 'x' }],
    ['more names than sockets', { LISTEN_PID: '7', LISTEN_FDS: '1', LISTEN_FDNAMES: 'a:b' }],
  ])('cannot be used when there is %s', (_, env) => {
    expect(() => inheritedSockets({ env, pid: 7 })).toThrow(/LISTEN_FD/);
  });
});
