import { randomUUID } from 'node:crypto';
import { cleartextMessage, encryptedMessage, type Envelope, secretText, wrapArmored } from '../messages.ts';
import type { Choices } from './choices.ts';

/** What a sender wants of a relay, and whether a relay may ever say yes. */
export interface Mail {
  /** Its Message-ID: by this it is found again. */
  readonly id: string;
  readonly isValid: boolean;
  readonly text: string;
}

/** All valid messages have one encrypted text: to make a new one for each would be the test's work, not the relay's. */
const pattern = { from: 'pattern@from.example', to: 'pattern@to.example' };
const encrypted = await encryptedMessage(pattern);

/** Often enough to be on the disk before the message is complete. */
const line = `${secretText}\r\n`.repeat(200);
type Kind = (envelope: Envelope) => string;

/** Not encrypted, whatever they look like. */
const readable: readonly Kind[] = [
  cleartextMessage,
  (envelope) => valid(envelope).replace('\r\n\r\n--', `\r\n\r\n${line}--`), // a preamble
  (envelope) => `${valid(envelope)}${line}`, // an epilogue
  (envelope) => cleartextMessage(envelope).replace('Subject:', 'Secure-Join: vc-request\r\nSubject:'),
  // Two messages, if somebody takes a bare line feed for the end of a line.
  (envelope) => `${valid(envelope)}\n.\nMAIL FROM:<${envelope.from}>\r\n${line}`,
  (envelope) => `${cleartextMessage(envelope)}\0\u00ff\n\n.\r${line}`,
  (envelope) => `no header at all\r\n${line}${cleartextMessage(envelope)}`,
  (envelope) => wrapArmored('-----BEGIN PGP MESSAGE-----\n\n-----END PGP MESSAGE-----', envelope),
];

/** Encrypted, but not in the sender's name. */
const forged: readonly Kind[] = [
  (envelope) => valid(envelope).replace(/^From: .*$/m, 'From: <somebody@else.example>'),
  (envelope) => valid(envelope).replace(/^From: (.*)$/m, 'From: $1\r\nFrom: $1'),
  (envelope) => valid(envelope).replace(/^From: .*\r\n/m, ''),
];

export function validMail(envelope: Envelope): Mail {
  return withId(valid(envelope), true);
}

export function readableMail(envelope: Envelope, choices: Choices): Mail {
  return withId(choices.pick(readable)(envelope), false);
}

/** What no user may send. */
export function unacceptableMail(envelope: Envelope, choices: Choices): Mail {
  return withId(choices.pick([...readable, ...forged])(envelope), false);
}

function valid({ from, to }: Envelope): string {
  return encrypted.replaceAll(pattern.from, from).replaceAll(pattern.to, to);
}

function withId(text: string, isValid: boolean): Mail {
  const id = `chaos-${randomUUID()}`;
  return { id, isValid, text: text.replace(/^Message-ID: <.*>$/m, `Message-ID: <${id}@localhost>`) };
}
