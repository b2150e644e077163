/**
 * Whether a password was surely drawn at random by a program: 22 letters and digits or more. Such a one
 * cannot be guessed, so a fast keyed proof of it may be kept. A wrong "no" costs an Argon2 run after a restart; a wrong
 * "yes" would weaken what a person thought up. So everything that people do in passwords is a "no".
 *
 * Source: Delta Chat core draws 50 of all letters and digits in src/qr.rs up to 2.57, 22 in
 * src/automatic_relay_management.rs login_param_from_host() from 2.58 on, 23 when it signs up by itself.
 */
export function isMachineMade(password: Uint8Array): boolean {
  const text = Buffer.from(password.buffer, password.byteOffset, password.byteLength).toString('latin1');
  if (text.length > maxLength || !/^[A-Za-z0-9]+$/.test(text)) return false;
  if (text.length * bitsPerCharacter(text) < minBits) return false;
  const plain = text.toLowerCase().replace(/[013457]/g, (digit) => letterMeant[digit] ?? digit);
  return (
    // Words have about 40 % vowels, and half of their pairs are common ones; at random it is 23 % and 10 %.
    shareOf(/[aeiou]/g, plain) + shareOfPairs(plain, 1, (pair) => commonPairs.has(pair)) <= 0.56 &&
    shareOfPairs(text.toLowerCase(), 1, isStep) <= 0.36 && // 12 % at random
    shareOfPairs(text.toLowerCase(), 2, isStep) <= 0.36 && // A1b2C3d4
    shareOfPairs(text, 1, ([first, second]) => kindOf(first) !== kindOf(second)) >= 0.6 * expectedChanges(text) &&
    !/(.)\1\1/.test(text) &&
    !/([a-z0-9]{4}).*\1/.test(text.toLowerCase()) &&
    !/\d{6}|(?:19|20)\d\d$/.test(text) &&
    !(/[A-Z]/.test(text) && /[a-z]{8}|[A-Z]{8}/.test(text))
  );
}

/** Of 22 drawn from 62, worth 131 bits, one in ten has hardly a digit and is counted as drawn from 52. */
const minBits = 125;
/** What is longer was not drawn by a client that we know. */
const maxLength = 64;

/** A client that signs up by itself marks it by one more letter in the password (Delta Chat core 2.58 and later). */
export function isAutomaticSignUp({ password }: { readonly password: Uint8Array }): boolean {
  return password.length === 23 && password.every((byte) => /[A-Za-z0-9]/.test(String.fromCharCode(byte)));
}

const kinds = [/[a-z]/g, /[A-Z]/g, /[0-9]/g] as const;
const lettersOfKind = [26, 26, 10] as const;

/** Of the kinds that are there in earnest: a capital in front and a digit at the end make no other alphabet. */
function bitsPerCharacter(text: string): number {
  const size = kinds.reduce((sum, kind, at) => sum + (shareOf(kind, text) > 0.06 ? (lettersOfKind[at] ?? 0) : 0), 0);
  return Math.log2(Math.max(size, 1));
}

/** How often two neighbours are of different kinds when characters like these stand in no order. People write in runs. */
function expectedChanges(text: string): number {
  return 1 - kinds.reduce((sum, kind) => sum + shareOf(kind, text) ** 2, 0);
}

function shareOf(pattern: RegExp, text: string): number {
  return (text.match(pattern)?.length ?? 0) / text.length;
}

/** Two characters that stand so far apart, all over the text. */
function shareOfPairs(text: string, distance: number, test: (pair: string) => boolean): number {
  const pairs = Array.from({ length: text.length - distance }, (_, at) => text.charAt(at) + text.charAt(at + distance));
  return pairs.filter(test).length / pairs.length;
}

function kindOf(character = ''): number {
  return kinds.findIndex((kind) => character.search(kind) === 0);
}

/** Neighbours in the alphabet or on a keyboard, and doubled characters. */
function isStep(pair: string): boolean {
  const [first = 0, second = 0] = Buffer.from(pair, 'latin1');
  return Math.abs(first - second) <= 1 || keyboard.includes(pair) || keyboard.includes(`${pair[1]}${pair[0]}`);
}

const keyboard = '1234567890 qwertyuiop asdfghjkl zxcvbnm 1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p';

/** How people write words with digits. */
const letterMeant: Readonly<Record<string, string>> = { 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't' };

/** Frequent pairs of letters in European languages written with Latin letters. */
const commonPairs: ReadonlySet<string> = new Set(
  (
    'th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi ri ro ic ' +
    'ne ea ra ce li ch ll be ma si om ur ei ie un ge sc ns qu la el os ad do da ta na ka ko ja ni ov vo sk'
  ).split(' '),
);
