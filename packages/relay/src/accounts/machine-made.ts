/**
 * Whether a password was surely drawn at random by a client: at least 22 letters and digits, 130 bits and more. Such a
 * one cannot be guessed, so a fast keyed proof of it may be kept. A wrong "no" costs an Argon2 run after a restart; a
 * wrong "yes" would weaken what a person thought up. So everything that people do in passwords is a "no".
 *
 * Source: Delta Chat core, 50 letters and digits in src/qr.rs up to 2.57, 22 in src/automatic_relay_management.rs
 * login_param_from_host() from 2.58 on, 23 when it signs up by itself.
 */
export function isMachineMade(password: Uint8Array): boolean {
  const text = Buffer.from(password.buffer, password.byteOffset, password.byteLength).toString('latin1');
  if (!/^[A-Za-z0-9]{22,128}$/.test(text)) return false;
  const share = (pattern: RegExp): number => (text.match(pattern)?.length ?? 0) / text.length;
  const pairs = Array.from({ length: text.length - 1 }, (_, at) => text.slice(at, at + 2));
  const shareOfPairs = (test: (pair: string) => boolean): number => pairs.filter(test).length / pairs.length;
  return (
    share(/[a-z]/g) >= 0.18 && // 42 % in a random one
    share(/[A-Z]/g) >= 0.18 && // 42 %
    share(/[0-9]/g) <= 0.45 && // 16 %
    share(/[aeiou]/gi) <= 0.34 && // 16 %; in words about 40 % of the letters
    shareOfPairs((pair) => kind(pair[0]) !== kind(pair[1])) >= 0.36 && // 62 %
    shareOfPairs((pair) => commonPairs.has(pair.toLowerCase())) <= 0.2 && // 6 %; in words about half
    shareOfPairs(isStep) <= 0.2 && // 5 %
    !/([A-Za-z0-9]{3,}).*\1/i.test(text) && // one in some hundreds
    !/(.)\1\1/.test(text) &&
    !/[a-z]{7}|[A-Z]{7}|\d{6}|(?:19|20)\d\d$/.test(text)
  );
}

/** A client that signs up by itself marks it by one more letter in the password (Delta Chat core 2.58 and later). */
export function isAutomaticSignUp({ password }: { readonly password: Uint8Array }): boolean {
  return password.length === 23 && password.every((byte) => isLetterOrDigit(byte));
}

function isLetterOrDigit(byte: number): boolean {
  return /[A-Za-z0-9]/.test(String.fromCharCode(byte));
}

function kind(character = ''): number {
  return /[a-z]/.test(character) ? 0 : /[A-Z]/.test(character) ? 1 : 2;
}

/** Neighbours in the alphabet or on a keyboard, and doubled characters. */
function isStep(pair: string): boolean {
  const [first = 0, second = 0] = Buffer.from(pair.toLowerCase(), 'latin1');
  return Math.abs(first - second) <= 1 || keyboardRows.includes(pair.toLowerCase());
}

const keyboardRows = 'qwertyuiop asdfghjkl zxcvbnm poiuytrewq lkjhgfdsa mnbvcxz';

/** Frequent pairs of letters in European languages written with Latin letters. */
const commonPairs: ReadonlySet<string> = new Set(
  (
    'th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi ri ro ic ' +
    'ne ea ra ce li ch ll be ma si om ur ei ie un ge sc ns qu la el os ad do da ta na ka ko ja ni ov vo sk'
  ).split(' '),
);
