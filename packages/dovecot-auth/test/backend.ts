import type { AuthBackend, UserRecord } from '@postern/dovecot-auth';

const record = (user: string): UserRecord => ({
  user,
  fields: { uid: '5000', gid: '5000', home: `/var/mail/v/${user}` },
});

/** A backend that knows alice, blocks bob, explains itself to carol, is broken for dave and never answers erin. */
export const backend: AuthBackend = {
  async verify({ user, password }) {
    if (user === 'dave@example.org') throw new Error('the database is away');
    if (user === 'erin@example.org') return new Promise(() => {});
    if (user === 'bob@example.org') return { kind: 'disabled', reason: 'Blocked by the operator' };
    if (user === 'carol@example.org') return { kind: 'refused', reason: 'Password too short:\r\n* BYE at least 9' };
    const isRight = user === 'alice@example.org' && Buffer.from(password).toString() === 'correct horse';
    return isRight ? { kind: 'accepted', record: record(user) } : { kind: 'refused' };
  },
  async lookup(user) {
    if (user === 'dave@example.org') throw new Error('the database is away');
    return user === 'alice@example.org' ? record(user) : undefined;
  },
  async *users() {
    yield 'alice@example.org';
    yield 'bob@example.org';
  },
};
