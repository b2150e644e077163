import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { isMailDomain, withPrefix } from './mail-domain.ts';
import type { Config } from './config.ts';

const port = z.int().min(1).max(65_535);
const days = z.int().min(0).max(36_500);
const optionalText = z.string().min(1).optional();

/** OWASP Password Storage Cheat Sheet: the least for Argon2id, from 7 MiB in 5 passes to 46 MiB in one. */
const leastArgon2 = 7_168 * 5;

// A section that is left out (`prefault`) has its keys' defaults.
export const configSchema: z.ZodType<Config> = z
  .strictObject({
    domain: z
      .string()
      .toLowerCase()
      .overwrite(withPrefix)
      .refine(isMailDomain, 'is not a domain: write a name like "chat.example.org", "_trial.example" or "[192.0.2.1]"'),
    data: z.string().startsWith('/').default('/var/lib/postern'),
    run: z.string().startsWith('/').default('/run/postern'),
    accounts: z
      .strictObject({
        usernameMinLength: z.int().min(1).max(64).default(9),
        usernameMaxLength: z.int().min(1).max(64).default(9),
        passwordMinLength: z.int().min(9).max(1000).default(9),
        registration: z.enum(['open', 'invite', 'closed']).default('open'),
        automatic: z.enum(['allow', 'limit', 'deny']).default('allow'),
        maxLoad: z.number().positive().optional(),
        minFreeMemoryMb: z.int().min(0).default(100),
        minFreeDiskMb: z.int().min(0).default(1_000),
        newPerSourceHour: z.int().min(1).default(100), // whole cities share a /24 behind a carrier's address translation
        newPerHour: z.int().min(1).default(5_000),
        automaticPerHour: z.int().min(1).default(100),
        tombstoneDays: z.int().min(0).max(36_500).default(365),
        argon2MemoryKib: z.int().min(7_168).max(262_144).default(19_456),
        argon2Passes: z.int().min(1).max(20).default(2),
      })
      .refine(({ argon2MemoryKib, argon2Passes }) => argon2MemoryKib * argon2Passes >= leastArgon2, {
        path: ['argon2Passes'],
        message:
          'is too few for argon2_memory_kib: 47104 KiB need 1 pass, 19456 need 2, 12288 need 3, 9216 need 4, 7168 need 5',
      })
      .prefault({}),
    store: z
      .strictObject({
        url: z
          .string()
          .regex(
            /^(sqlite$|postgres(ql)?:\/\/.)/,
            'is neither "sqlite" nor an address like "postgresql://user@host/postern"',
          )
          .default('sqlite'),
      })
      .prefault({}),
    mail: z
      .strictObject({
        maxMessageBytes: z.int().min(100_000).max(1_000_000_000).default(31_457_280),
        incomingCleartext: z.enum(['accept', 'refuse']).default('accept'),
        incomingUnsigned: z.enum(['accept', 'refuse']).default('refuse'),
        mtaSts: z.enum(['on', 'off']).optional(),
        outgoingHeaders: z
          .array(z.string().regex(/^[!-9;-~]{1,100}$/, 'is not the name of a header field'))
          .max(200)
          .optional(),
      })
      .prefault({}),
    keep: z
      .strictObject({
        mailDays: days.default(20),
        largeMailDays: days.default(7),
        largeMailBytes: z.int().min(1).default(200_000),
        unusedAccountDays: days.default(90),
        mailboxMb: z.int().min(0).max(1_000_000).default(500),
        // Delta Chat warns its user at 80 %, and takes that back below 75.
        evictAbovePercent: z.int().min(1).max(99).default(75),
        evictToPercent: z.int().min(0).max(98).default(65),
      })
      .prefault({}),
    dkim: z
      .strictObject({
        selector: z
          .string()
          .regex(/^[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?$/, 'is not a selector: letters, digits and hyphens, at most 52')
          .default('postern'),
        ed25519: z.boolean().default(false),
      })
      .prefault({}),
    limits: z
      .strictObject({
        messagesPerMinute: z.int().min(1).max(10_000).default(60),
        recipientsPerHour: z.int().min(1_000).default(10_000), // one message may have 1,000
        bytesPerDay: z.int().min(1).default(2_000_000_000),
        pacingSeconds: z.number().min(0).max(20).default(10), // Postfix and clients wait for longer than that
        heldAtOnce: z.int().min(0).max(1_000).default(20),
        incomingMessagesPerMinute: z.int().min(1).max(100_000).default(600),
        incomingBytesPerDay: z.int().min(1).default(2_000_000_000),
      })
      .prefault({}),
    filter: z
      .strictObject({ workers: z.union([z.literal('auto'), z.int().min(1).max(128)]).default('auto') })
      .prefault({}),
    metrics: z.strictObject({ port: port.optional() }).prefault({}),
    tls: z.strictObject({ certificate: optionalText, key: optionalText }).prefault({}),
    reachable: z
      .strictObject({
        host: optionalText,
        smtpPort: port.default(25),
        imapPort: port.default(993),
        submissionPort: port.default(465),
        webPort: port.default(443),
      })
      .prefault({}),
    push: z
      .strictObject({
        service: z
          .string()
          .refine((text) => text === 'off' || isHttpAddress(text), 'is neither "off" nor an http address')
          .default('https://notifications.delta.chat/notify'),
      })
      .prefault({}),
    calls: z
      .strictObject({
        turnHost: z
          .string()
          // Clients split what they are told at the colons.
          .refine((host) => isIPv4(host) || (host.includes('.') && isMailDomain(host)), 'is not the name of a host')
          .optional(),
        turnPort: port.default(3478),
        turnSecret: z.string().min(16, 'is shorter than 16 characters').optional(),
      })
      .prefault({}),
    clients: z
      .strictObject({
        irohRelay: z.url({ protocol: /^https$/, error: 'is not an https address' }).optional(),
        appVersions: z.string().startsWith('/').optional(),
      })
      .prefault({}),
    operator: z.strictObject({ name: optionalText, contact: optionalText, address: optionalText }).prefault({}),
  })
  .refine((config) => config.accounts.usernameMinLength <= config.accounts.usernameMaxLength, {
    path: ['accounts', 'usernameMinLength'],
    message: 'is greater than username_max_length',
  })
  .refine(
    (config) => Math.min(config.limits.bytesPerDay, config.limits.incomingBytesPerDay) >= config.mail.maxMessageBytes,
    {
      path: ['limits', 'bytesPerDay'],
      message: 'or incoming_bytes_per_day is less than mail.max_message_bytes, so the largest message could never pass',
    },
  )
  .refine(({ keep }) => keep.evictToPercent < keep.evictAbovePercent, {
    path: ['keep', 'evictToPercent'],
    message: 'is not less than evict_above_percent',
  })
  // What is over the threshold is what room there is for the next message, of whatever size.
  .refine(({ keep, mail }) => keep.mailboxMb === 0 || roomAbove(keep) >= 1.1 * mail.maxMessageBytes, {
    path: ['keep', 'mailboxMb'],
    message:
      'leaves less room above evict_above_percent than mail.max_message_bytes, so a large message might never fit',
  })
  .refine((config) => (config.tls.certificate === undefined) === (config.tls.key === undefined), {
    path: ['tls'],
    message: 'needs both certificate and key, or neither',
  })
  .refine((config) => (config.calls.turnHost === undefined) === (config.calls.turnSecret === undefined), {
    path: ['calls'],
    message: 'needs both turn_host and turn_secret, or neither',
  });

function roomAbove({ mailboxMb, evictAbovePercent }: Config['keep']): number {
  return mailboxMb * 1_000_000 * (1 - evictAbovePercent / 100);
}

function isHttpAddress(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text);
}
