import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isAutomaticSignUp, isMachineMade } from '../../src/accounts/machine-made.ts';

const alphanumeric = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const legible = 'abcdefghjkmnpqrstuvwxyz34679';

/** The same two thousand in every run, as even as random ones. */
function drawn(alphabet: string, length: number): string[] {
  return Array.from({ length: 2_000 }, (_, seed) => {
    const bytes = createHash('sha512').update(`${alphabet} ${length} ${seed}`).digest();
    return Array.from({ length }, (_, at) => alphabet.charAt((bytes[at] ?? 0) % alphabet.length)).join('');
  });
}

describe('a machine-made password', () => {
  it.each([
    ['22 characters, Delta Chat from 2.58 on', alphanumeric, 22],
    ['23 characters, its automatic sign-ups', alphanumeric, 23],
    ['50 characters, Delta Chat before', alphanumeric, 50],
    ['28 that nobody misreads, our own page', legible, 28],
  ])('is recognised in more than four of five: %s', (_, alphabet, length) => {
    const passwords = drawn(alphabet, length);
    const recognised = passwords.filter((password) => isMachineMade(Buffer.from(password)));
    expect(recognised.length / passwords.length).toBeGreaterThan(0.8);
  });

  it.each([
    'correcthorsebatterystaple1234',
    'CorrectHorseBatteryStaple99',
    'MyDogIsCalledRex2019AndHeBarks',
    'Tr0ub4dor3Tr0ub4dor3Tr0ub4',
    'qwertyuiop1234567890ABCDEFG',
    'abcABC123abcABC123abcABC123',
    'Password1Password2Password3',
    'iLoveMyWife4EverAndEver2024',
    'MeinHundHeisstBello1987undich',
    'jesuisuneFemmeLibre75011Paris',
    '1qaz2wsx3edc4rfv5tgb6yhn7ujm',
    '1QAZ2wsx3EDC4rfv5TGB6yhn',
    'Il0v3Ch0c0l4t3AndC4ndy4Ever',
    'xXxDarkLord666xXxDarkLord',
    'AaBbCcDdEeFfGgHhIiJjKkLlMm',
    'A1b2C3d4E5f6G7h8I9j0K1l2',
    'Th1sIsMyV3ryL0ngP4ssw0rd2023',
    'MoscowNeverSleeps1985Privet',
    'zaq12wsxCDE34rfvBGT56yhn',
    'kissakoiraHevonenLehma2020xx',
    '9Bananas7Apples5Oranges3Figs',
    'RaspberryPi4ModelB8GBRAMv12',
    'OneTwoThree4FiveSix7EightNine',
    'hunter2hunter3hunter4hunter5',
    'MyP4ssw0rdIsV3ryS3cur3Y0Kn0w',
    'G1veM3L1b3rtyOrG1veM3D34th',
    'deadbeefcafebabe0123456789abcdef',
    '12345678901234567890123456789012',
    'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    'short1Ab',
    'kX9#mQ2$vL7!pR4@wT8%zB5^', // random perhaps, but with characters that no client of ours draws
    '',
  ])('is none that a person thought up: %s', (password) => {
    expect(isMachineMade(Buffer.from(password))).toBe(false);
  });

  it('is none with bytes beyond letters and digits', () => {
    expect(isMachineMade(Buffer.from('k9TfzQ2WmhXb7RLcP4vGsD'))).toBe(true);
    expect(isMachineMade(Buffer.from('k9TfzQ2WmhXb7RLcP4vGsD\n'))).toBe(false);
    expect(isMachineMade(Buffer.from('k9TfzQ2WmhXb7RLcP4vGsD\xff', 'latin1'))).toBe(false);
  });
});

describe('an automatic sign-up', () => {
  it('is known by a password of exactly 23 letters and digits', () => {
    expect(isAutomaticSignUp({ password: Buffer.from('k9TfzQ2WmhXb7RLcP4vGsD1') })).toBe(true);
    expect(isAutomaticSignUp({ password: Buffer.from('k9TfzQ2WmhXb7RLcP4vGsD') })).toBe(false);
    expect(isAutomaticSignUp({ password: Buffer.from('aB3xY9qLmZ7kR2wT5vN8p-1') })).toBe(false);
  });
});
