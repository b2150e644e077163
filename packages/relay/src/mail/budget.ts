/** What one message takes out of a budget. */
export interface Demand {
  readonly messages: number;
  readonly recipients: number;
  readonly bytes: number;
}

/** What one account may use. */
export interface Budget {
  /** In any 60 seconds, exactly. */
  readonly messagesPerMinute: number;
  /** In any hour. */
  readonly recipientsPerHour: number;
  /** In any day. */
  readonly bytesPerDay: number;
}

export type BudgetPart = keyof Demand;

/** Used at a time, or at the end of a short time. */
export type Entry = readonly [atMs: number, amount: number];

export interface Reserved extends Demand {
  readonly id: string;
  readonly atMs: number;
}

/** What one account has used, oldest first, and what is under way. Plain data: it is kept as JSON. */
export interface Usage {
  readonly messages: readonly Entry[];
  readonly recipients: readonly Entry[];
  readonly bytes: readonly Entry[];
  readonly reserved: readonly Reserved[];
}

export type Answer =
  | { readonly kind: 'reserved'; readonly usage: Usage }
  /** The budget allows it, but at the sender's pace it would soon be used up. */
  | { readonly kind: 'too-fast'; readonly waitMs: number }
  | { readonly kind: 'exceeded'; readonly part: BudgetPart; readonly waitMs: number };

export const nothingUsed: Usage = { messages: [], recipients: [], bytes: [], reserved: [] };
export const nothing: Demand = { messages: 0, recipients: 0, bytes: 0 };

/**
 * How long something counts, and how finely its time is kept. An entry stands at the end of the span that it sums up, so
 * that coarse counting is never lenient: it counts for at least the window, at most a span longer.
 */
const windows: Readonly<Record<BudgetPart, { readonly lengthMs: number; readonly spanMs: number }>> = {
  messages: { lengthMs: 60_000, spanMs: 0 },
  recipients: { lengthMs: 3_600_000, spanMs: 60_000 },
  bytes: { lengthMs: 86_400_000, spanMs: 1_440_000 },
};
const parts: readonly BudgetPart[] = ['messages', 'recipients', 'bytes'];
/** After the longest window (and span) nothing of an account is left. */
export const usageLifetimeMs: number = windows.bytes.lengthMs + windows.bytes.spanMs;
/** What is still under way after so long belongs to a process that died; finished later, it is counted all the same. */
export const reservationLifetimeMs = 600_000;

/**
 * Reserves a demand, all or nothing, under an id; the same id again adds to what it has.
 *
 * @param pace whether to space out a sender who has used half of what a minute allows.
 */
export function reserve(
  usage: Usage,
  request: { id: string; demand: Demand; budget: Budget; nowMs: number; pace: boolean },
): Answer {
  const { id, demand, budget, nowMs, pace } = request;
  const current = forgetOld(usage, nowMs);
  const limits: Demand = {
    messages: budget.messagesPerMinute,
    recipients: budget.recipientsPerHour,
    bytes: budget.bytesPerDay,
  };
  for (const part of parts) {
    if (demand[part] === 0) continue;
    const waitMs = untilRoom(current, part, limits[part] - demand[part], nowMs);
    if (waitMs > 0) return { kind: 'exceeded', part, waitMs };
  }
  const tooFastMs = pace && demand.messages > 0 ? untilNext(current, budget.messagesPerMinute, nowMs) : 0;
  if (tooFastMs > 0) return { kind: 'too-fast', waitMs: tooFastMs };
  const before = current.reserved.find((held) => held.id === id);
  const held: Reserved = { id, atMs: before?.atMs ?? nowMs, ...(before === undefined ? demand : sum(before, demand)) };
  return { kind: 'reserved', usage: { ...current, reserved: [...current.reserved.filter((r) => r !== before), held] } };
}

/** Ends a reservation: what was spent counts from now on, the rest is free again. */
export function settle(usage: Usage, id: string, spent: Demand, nowMs: number): Usage {
  const current = forgetOld(usage, nowMs);
  return {
    messages: add(current.messages, 'messages', spent, nowMs),
    recipients: add(current.recipients, 'recipients', spent, nowMs),
    bytes: add(current.bytes, 'bytes', spent, nowMs),
    reserved: current.reserved.filter((held) => held.id !== id),
  };
}

export function forgetOld(usage: Usage, nowMs: number): Usage {
  const recent = (part: BudgetPart): readonly Entry[] => {
    const first = usage[part].findIndex(([atMs]) => atMs + windows[part].lengthMs > nowMs);
    return first === 0 ? usage[part] : first === -1 ? [] : usage[part].slice(first);
  };
  return {
    messages: recent('messages'),
    recipients: recent('recipients'),
    bytes: recent('bytes'),
    reserved: usage.reserved.filter((held) => held.atMs + reservationLifetimeMs > nowMs),
  };
}

export function isUnused({ messages, recipients, bytes, reserved }: Usage): boolean {
  return messages.length === 0 && recipients.length === 0 && bytes.length === 0 && reserved.length === 0;
}

/**
 * The same usage on another clock. What lies in the future there, because a clock was put back, counts as if it were
 * now: it is forgotten one window later, not never.
 */
export function onOtherClock(usage: Usage, shiftMs: number, nowMs: number): Usage {
  const move = (part: BudgetPart): Entry[] =>
    usage[part].map(([atMs, amount]) => [Math.min(atMs + shiftMs, nowMs + windows[part].spanMs), amount]);
  return {
    messages: move('messages'),
    recipients: move('recipients'),
    bytes: move('bytes'),
    reserved: usage.reserved.map((held) => ({ ...held, atMs: Math.min(held.atMs + shiftMs, nowMs) })),
  };
}

/** Whether something lies in the future, because a clock was put back meanwhile. */
export function isAhead(usage: Usage, nowMs: number): boolean {
  const isLater = (part: BudgetPart): boolean => (usage[part].at(-1)?.[0] ?? nowMs) > nowMs + windows[part].spanMs;
  return parts.some(isLater) || usage.reserved.some(({ atMs }) => atMs > nowMs);
}

function add(entries: readonly Entry[], part: BudgetPart, spent: Demand, nowMs: number): readonly Entry[] {
  const amount = spent[part];
  if (amount === 0) return entries;
  const { spanMs } = windows[part];
  const atMs = spanMs === 0 ? nowMs : Math.ceil(nowMs / spanMs) * spanMs;
  const last = entries.at(-1);
  // A clock that was put back: times in the list never go down.
  if (last !== undefined && spanMs > 0 && last[0] >= atMs)
    return [...entries.slice(0, -1), [last[0], last[1] + amount]];
  return [...entries, [Math.max(atMs, last?.[0] ?? atMs), amount]];
}

/** How long until no more than `room` is in use; 0 when that is so already. What is under way leaves after a whole window. */
function untilRoom(usage: Usage, part: BudgetPart, room: number, nowMs: number): number {
  const { lengthMs } = windows[part];
  let inUse = 0;
  for (const held of usage.reserved) inUse += held[part];
  for (const entry of usage[part]) inUse += entry[1];
  if (inUse <= room) return 0;
  for (const [atMs, amount] of usage[part]) {
    inUse -= amount;
    if (inUse <= room) return atMs + lengthMs - nowMs;
  }
  return lengthMs;
}

/**
 * How long a sender has to wait so that, going on at that pace, they never run into the limit. Half of a minute's
 * messages are free of it. Before the (k+1)-th of the used messages leaves the window, in e_k, there is room for
 * `limit - used + k` more: the slowest of the paces that this allows is the one.
 */
function untilNext(usage: Usage, limit: number, nowMs: number): number {
  if (usage.messages.length + usage.reserved.length < limit / 2) return 0;
  const times = [
    ...usage.messages.map(([atMs]) => atMs),
    ...usage.reserved.filter((held) => held.messages > 0).map((held) => held.atMs),
  ].toSorted((a, b) => a - b);
  const last = times.at(-1);
  if (last === undefined || times.length < limit / 2) return 0;
  const { lengthMs } = windows.messages;
  const room = limit - times.length;
  const spacing = Math.max(...times.map((atMs, k) => (atMs + lengthMs - nowMs) / (room + k + 1)));
  return Math.max(0, Math.ceil(last + spacing - nowMs));
}

export function sum(a: Demand, b: Demand): Demand {
  return { messages: a.messages + b.messages, recipients: a.recipients + b.recipients, bytes: a.bytes + b.bytes };
}
