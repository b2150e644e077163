import { isDeliverable, isReserved, parseAddress } from './address.ts';

/** Who may create an account: anyone, only who redeemed an invite, nobody. */
export type RegistrationMode = 'open' | 'invite' | 'closed';

/** What to do with sign-ups that a client makes by itself, without a person having chosen this relay. */
export type AutomaticMode = 'allow' | 'limit' | 'deny';

export interface NameRules {
  readonly domain: string;
  readonly usernameMinLength: number;
  readonly usernameMaxLength: number;
  readonly passwordMinLength: number;
}

/** Something that the machine runs short of. */
export type Shortage = 'load' | 'memory' | 'disk';

/** A budget that is used up. */
export type SpentBudget = 'source' | 'relay' | 'automatic';

/** All that decides whether a login with an unknown address makes an account. */
export interface CreationFacts {
  /** The user name as typed, but in lower case. */
  readonly user: string;
  /** In characters, as a person counts them; bytes that are no UTF-8 count one each. */
  readonly passwordLength: number;
  readonly registration: RegistrationMode;
  readonly automatic: AutomaticMode;
  readonly isAutomatic: boolean;
  /** A backup is being put back: whoever is missing now may be there in a minute. */
  readonly isRestoring: boolean;
  /** The address was somebody's before. */
  readonly isTombstoned: boolean;
  readonly shortages: readonly Shortage[];
  readonly spentBudgets: readonly SpentBudget[];
}

/** Stable names, for counters and for tests. */
export type RefusalCode =
  | 'wrong-domain'
  | 'bad-name'
  | 'reserved-name'
  | 'name-length'
  | 'password-short'
  | 'restoring'
  | 'closed'
  | 'invite-needed'
  | 'tombstoned'
  | 'automatic-denied'
  | `${Shortage}-shortage`
  | `${SpentBudget}-budget`;

export type CreationVerdict =
  | { readonly kind: 'create' }
  /** Without a reason it must look like a wrong password. */
  | { readonly kind: 'refuse'; readonly code: RefusalCode; readonly reason?: string };

/** Whether a first login may create its account. Rules about the name come first, passing troubles last. */
export function decideCreation(facts: CreationFacts, rules: NameRules): CreationVerdict {
  return (
    refuseName(facts.user, rules) ??
    refusePassword(facts.passwordLength, rules) ??
    refuseRegistration(facts) ??
    refuseForNow(facts) ?? { kind: 'create' }
  );
}

/** Whether any account could ever have this name: nobody needs to look for one that could not. */
export function isOurs(user: string, rules: NameRules): boolean {
  const address = parseAddress(user);
  return address !== undefined && address.domain === rules.domain && /^[a-z0-9._-]+$/.test(address.local);
}

/** Reasons are also said to whoever has a wrong password for an account that exists: they must be true, and no less. */
const noFit = 'No account fits this address and password';

type Refusal = Extract<CreationVerdict, { kind: 'refuse' }>;

function refuse(code: RefusalCode, reason: string): Refusal {
  return { kind: 'refuse', code, reason };
}

function refuseName(user: string, rules: NameRules): Refusal | undefined {
  const address = parseAddress(user);
  if (address?.domain !== rules.domain) {
    return refuse('wrong-domain', `Addresses here end with @${rules.domain}.`);
  }
  const { local } = address;
  if (!/^[a-z0-9._-]+$/.test(local)) {
    return refuse(
      'bad-name',
      'An address may only have letters (a-z), digits, dots, hyphens and underscores before the @.',
    );
  }
  if (!isDeliverable(local)) {
    return refuse(
      'bad-name',
      'An address may not start with a dot or a hyphen, end with a dot, or have two dots in a row.',
    );
  }
  if (isReserved(local)) return refuse('reserved-name', 'This address is kept for the operator of the relay.');
  const { usernameMinLength: min, usernameMaxLength: max } = rules;
  if (local.length < min || local.length > max) {
    const wanted = min === max ? `exactly ${min}` : `${min} to ${max}`;
    return refuse(
      'name-length',
      `${noFit}; a new address must have ${wanted} characters before the @, this one has ${local.length}.`,
    );
  }
  return undefined;
}

function refusePassword(length: number, { passwordMinLength: min }: NameRules): Refusal | undefined {
  if (length >= min) return undefined;
  return refuse(
    'password-short',
    `${noFit}; for a new one the password is too short: it needs at least ${min} characters.`,
  );
}

function refuseRegistration(facts: CreationFacts): Refusal | undefined {
  if (facts.isRestoring) {
    return refuse(
      'restoring',
      'This relay is being restored from a backup. Your account may be back soon: try again later.',
    );
  }
  if (facts.registration === 'closed') {
    return refuse('closed', `${noFit}, and this relay takes no new ones.`);
  }
  if (facts.registration === 'invite') {
    return refuse('invite-needed', `${noFit}, and this relay makes new ones by invite only.`);
  }
  // Who had the address before is nobody's business.
  if (facts.isTombstoned) return { kind: 'refuse', code: 'tombstoned' };
  if (facts.isAutomatic && facts.automatic === 'deny') {
    return refuse(
      'automatic-denied',
      `${noFit}, and this relay takes no automatic sign-ups: scan its QR code to get an account.`,
    );
  }
  return undefined;
}

function refuseForNow({ shortages, spentBudgets, automatic, isAutomatic }: CreationFacts): Refusal | undefined {
  const [shortage] = shortages;
  if (shortage !== undefined) {
    return refuse(
      `${shortage}-shortage`,
      `${noFit}, and this relay has no room for new ones at the moment: try again later.`,
    );
  }
  const spent = spentBudgets.find((budget) => budget !== 'automatic' || (isAutomatic && automatic === 'limit'));
  if (spent !== undefined) {
    return refuse(`${spent}-budget`, `${noFit}, and too many new ones were made in a short time: try again later.`);
  }
  return undefined;
}
