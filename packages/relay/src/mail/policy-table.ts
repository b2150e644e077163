import type { Finding } from '@postern/encryption-check';
import type { SignatureFinding } from './dkim/signature-check.ts';
import { decide, type Facts, type Origin, type Room } from './policy.ts';
import type { Standing } from './sender-standing.ts';

/** A case that a postmaster knows, and the facts that it comes to. */
interface Case {
  readonly name: string;
  readonly facts: Facts;
}

const alice = 'alice@chat.example';
const enough: Room = { kind: 'enough' };
const unknown: Room = { kind: 'unknown' };
const good: Standing = { kind: 'good' };
const blocked: Standing = { kind: 'blocked', reason: null };
const encrypted: Finding = {
  kind: 'encrypted',
  sessionKeys: { 'PKESK v3': 1, 'PKESK v6': 0, 'SKESK v4': 0, 'SKESK v6': 0 },
  seipdVersion: 1,
  bytes: 1,
  packetBytes: 1,
};
const secureJoin: Finding = { kind: 'secure-join-request', request: 'vc-request' };
const bounce: Finding = { kind: 'bounce' };
const cleartext: Finding = { kind: 'cleartext', reason: 'not-encrypted', offset: 0, explanation: '' };

const none = (part: 'messages' | 'recipients' | 'bytes', waitSeconds: number): Room => ({
  kind: 'none',
  part,
  waitSeconds,
});
const signature = (finding: SignatureFinding): Origin => ({ kind: 'signed-domain', finding });
const named = (facts: { login?: string | undefined; sender?: string; standing?: Standing; room?: Room }): Facts => ({
  situation: 'submission-recipient',
  login: alice,
  sender: alice,
  standing: good,
  room: enough,
  ...facts,
});
const sent = (facts: Partial<Extract<Facts, { situation: 'submission-message' }>>): Facts => ({
  situation: 'submission-message',
  sender: alice,
  standing: good,
  author: { kind: 'one', address: alice },
  finding: encrypted,
  room: enough,
  ...facts,
});
const received = (facts: Partial<Extract<Facts, { situation: 'incoming-message' }>>): Facts => ({
  situation: 'incoming-message',
  finding: encrypted,
  cleartextRefusedBy: 'nobody',
  room: enough,
  origin: signature('valid'),
  ...facts,
});
const wanted = (room: Room): Facts => ({ situation: 'incoming-recipient', recipient: alice, room });

const sections: readonly { readonly title: string; readonly cases: readonly Case[] }[] = [
  {
    title: 'A user names a recipient (RCPT TO)',
    cases: [
      { name: 'in their own name', facts: named({}) },
      { name: 'not logged in', facts: named({ login: undefined }) },
      { name: 'in the name of somebody else', facts: named({ sender: 'bob@chat.example' }) },
      { name: 'with the null sender', facts: named({ sender: '' }) },
      { name: 'with a + in the address', facts: named({ sender: 'alice+tag@chat.example' }) },
      { name: 'with a quoted local part', facts: named({ sender: '"alice"@chat.example' }) },
      { name: 'with a rewritten (SRS) sender', facts: named({ sender: 'srs0=x=y=other.example=alice@chat.example' }) },
      { name: 'blocked since they logged in', facts: named({ standing: blocked }) },
      {
        name: 'blocked since they logged in, for a reason',
        facts: named({ standing: { kind: 'blocked', reason: 'Spam' } }),
      },
      { name: 'deleted since they logged in', facts: named({ standing: { kind: 'gone' } }) },
      { name: 'while nobody knows whether they still may', facts: named({ standing: { kind: 'unknown' } }) },
      { name: 'after too many messages in a minute', facts: named({ room: none('messages', 42) }) },
      { name: 'after too many recipients in an hour', facts: named({ room: none('recipients', 1_800) }) },
      { name: 'after too many bytes in a day', facts: named({ room: none('bytes', 36_000) }) },
      { name: 'while the store does not answer', facts: named({ room: unknown }) },
    ],
  },
  {
    title: 'A user’s message is complete (end of DATA)',
    cases: [
      { name: 'encrypted', facts: sent({}) },
      { name: 'a SecureJoin request', facts: sent({ finding: secureJoin }) },
      { name: 'cleartext', facts: sent({ finding: cleartext }) },
      { name: 'a delivery report', facts: sent({ finding: bounce }) },
      { name: 'without From', facts: sent({ author: { kind: 'none' } }) },
      { name: 'several From fields or addresses', facts: sent({ author: { kind: 'ambiguous' } }) },
      { name: 'From somebody else', facts: sent({ author: { kind: 'one', address: 'bob@chat.example' } }) },
      { name: 'From somebody else, and cleartext', facts: sent({ author: { kind: 'none' }, finding: cleartext }) },
      { name: 'blocked since they named the recipients', facts: sent({ standing: blocked }) },
      { name: 'larger than was said, and too much for a day', facts: sent({ room: none('bytes', 36_000) }) },
      { name: 'cleartext, and too much for a day', facts: sent({ finding: cleartext, room: none('bytes', 36_000) }) },
      { name: 'while the store does not answer', facts: sent({ room: unknown }) },
    ],
  },
  {
    title: 'Another server names a recipient (RCPT TO)',
    cases: [
      { name: 'ordinary', facts: wanted(enough) },
      { name: 'who got too many messages in a minute', facts: wanted(none('messages', 42)) },
      { name: 'who got too many bytes in a day', facts: wanted(none('bytes', 36_000)) },
      { name: 'while the store does not answer', facts: wanted(unknown) },
    ],
  },
  {
    title: 'Another server’s message is complete (end of DATA)',
    cases: [
      { name: 'encrypted', facts: received({}) },
      { name: 'encrypted, cleartext refused', facts: received({ cleartextRefusedBy: 'operator' }) },
      {
        name: 'a SecureJoin request, cleartext refused',
        facts: received({ finding: secureJoin, cleartextRefusedBy: 'operator' }),
      },
      {
        name: 'a delivery report, cleartext refused',
        facts: received({ finding: bounce, cleartextRefusedBy: 'recipient' }),
      },
      { name: 'cleartext', facts: received({ finding: cleartext }) },
      {
        name: 'cleartext, the operator refuses it',
        facts: received({ finding: cleartext, cleartextRefusedBy: 'operator' }),
      },
      {
        name: 'cleartext, a recipient refuses it',
        facts: received({ finding: cleartext, cleartextRefusedBy: 'recipient' }),
      },
      { name: 'larger than was said, and too much for a day', facts: received({ room: none('bytes', 36_000) }) },
      { name: 'not signed', facts: received({ origin: signature('none') }) },
      {
        name: 'signed wrongly, or by a domain not that of From',
        facts: received({ origin: signature('invalid') }),
      },
      { name: 'signed, but DNS does not answer', facts: received({ origin: signature('unknown') }) },
      {
        name: 'cleartext that is refused, and not signed',
        facts: received({ finding: cleartext, cleartextRefusedBy: 'operator', origin: signature('none') }),
      },
      { name: 'a delivery report that is not signed', facts: received({ finding: bounce, origin: signature('none') }) },
      {
        name: 'encrypted, from user@[192.0.2.1]',
        facts: received({ origin: { kind: 'address-literal', isClient: true } }),
      },
      {
        name: 'cleartext, from user@[192.0.2.1]',
        facts: received({ finding: cleartext, origin: { kind: 'address-literal', isClient: true } }),
      },
      {
        name: 'not signed, where the operator allows that',
        facts: received({ finding: cleartext, origin: { kind: 'not-asked' } }),
      },
    ],
  },
  {
    title: 'Our own Postfix writes',
    cases: [{ name: 'a delivery report', facts: { situation: 'local' } }],
  },
];

/** The policy as a table for people: every case, what is done, under which name it is counted, what the client reads. */
export function explainPolicy(): string {
  return sections.map(({ title, cases }) => [title, ...cases.map(explainCase)].join('\n')).join('\n\n');
}

function explainCase({ name, facts }: Case): string {
  const verdict = decide(facts);
  const done = verdict.kind === 'accept' ? 'accept' : `${verdict.kind} ${verdict.code} ${verdict.text}`;
  return `  ${name.padEnd(48)} ${verdict.reason.padEnd(20)} ${done}`;
}
