/** How much the devices of users may cost, and how long a push is worth trying. */
export interface PushLimits {
  /** Delta Chat sends no longer token than this (core src/imap.rs register_token); today's have about 900. */
  readonly maxTokenBytes: number;
  /** Per account; with one more the one that was longest not heard of is forgotten. */
  readonly maxTokens: number;
  /** A device says its token again whenever it connects; one that was away for so long is forgotten. */
  readonly tokenDays: number;
  /** Pauses between attempts; the last one repeats. A service that is back is to be noticed soon, but not besieged. */
  readonly retrySeconds: readonly number[];
  /** After this nobody needs to be woken for a message any more. */
  readonly deadlineSeconds: number;
  /** How long the service may take for one answer. */
  readonly requestTimeoutMs: number;
  /** For how long a process keeps others from a push that it tries itself: beyond that it must have died. */
  readonly leaseSeconds: number;
  /** Requests under way at one time. */
  readonly maxAtOnce: number;
  /** How often to look for what another host has left behind, and for tokens that nobody has said again. */
  readonly maxIdleMs: number;
  /** How long to leave a store alone that has just failed. */
  readonly storeRetryMs: number;
}

export const pushLimits: PushLimits = {
  maxTokenBytes: 4_096,
  maxTokens: 20,
  tokenDays: 90,
  retrySeconds: [8, 60, 300, 1_200, 3_600],
  deadlineSeconds: 5 * 3_600,
  requestTimeoutMs: 15_000,
  leaseSeconds: 30,
  maxAtOnce: 8,
  maxIdleMs: 60_000,
  storeRetryMs: 5_000,
};
