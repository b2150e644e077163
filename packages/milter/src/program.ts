import { type Action, actionFlags } from './edits.ts';
import type { Handlers } from './handlers.ts';
import {
  defaultHandlerTimeoutMs,
  defaultKeepAliveMs,
  defaultLimits,
  type Limits,
  maxRequestedMacros,
} from './limits.ts';
import type { Interest, MacroRequests, Wants } from './negotiation.ts';
import type { ErrorPolicy, MilterOptions } from './options.ts';
import { type OptionalStage, optionalStages } from './stages.ts';

/** A filter's options, checked and complete: what all its sessions share. */
export interface Program<A extends Action, C, M> {
  readonly on: Handlers<A, C, M>;
  readonly wants: Wants;
  readonly makeConnection: () => C;
  readonly makeMessage: (connection: C) => M;
  readonly onError: ErrorPolicy;
  readonly keepAliveMs: number;
  readonly handlerTimeoutMs: number;
  readonly limits: Limits;
  readonly onEvent: NonNullable<MilterOptions<A, C, M>['onEvent']> | undefined;
  readonly onFrame: NonNullable<MilterOptions<A, C, M>['onFrame']> | undefined;
}

/** @throws RangeError for an option that makes no sense, with the option's name. */
export function compile<A extends Action, C, M>(options: MilterOptions<A, C, M>): Program<A, C, M> {
  for (const [stage, names] of Object.entries(options.macros ?? {})) {
    if (names.length > maxRequestedMacros) {
      throw new RangeError(`macros.${stage} asks for ${names.length} macros; mail servers take ${maxRequestedMacros}`);
    }
    const bad = names.find((name) => !/^(?:\w|\{\w+\}|\w+)$/.test(name));
    if (bad !== undefined) throw new RangeError(`macros.${stage}: ${JSON.stringify(bad)} is not the name of a macro`);
  }
  return {
    on: options.on,
    wants: {
      interests: interestsOf(options.on),
      actions: actionFlags(options.actions ?? []),
      macros: withVersion(options.macros ?? {}),
      rejectedRecipients: options.rejectedRecipients ?? false,
      leadingSpace: options.leadingSpace ?? false,
      maxDataBytes: options.maxDataBytes ?? 65_535,
    },
    // Without a maker nothing determines the type of a state, so that it is the default: see `createMilter`.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    makeConnection: options.connection ?? (() => undefined as C),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    makeMessage: options.message ?? (() => undefined as M),
    onError: options.onError ?? 'tempfail',
    keepAliveMs: milliseconds('keepAliveMs', options.keepAliveMs ?? defaultKeepAliveMs, 0),
    handlerTimeoutMs: milliseconds('handlerTimeoutMs', options.handlerTimeoutMs ?? defaultHandlerTimeoutMs, 1),
    limits: { ...defaultLimits, ...options.limits },
    onEvent: options.onEvent,
    onFrame: options.onFrame,
  };
}

/** The version macro tells where progress may be reported; who asks for macros at connect would lose it otherwise. */
function withVersion(macros: MacroRequests): MacroRequests {
  return macros.connect === undefined ? macros : { ...macros, connect: [...new Set([...macros.connect, 'v'])] };
}

/** The handlers that are there decide what is negotiated. */
function interestsOf<A extends Action, C, M>(on: Handlers<A, C, M>): Record<OptionalStage, Interest> {
  const interests: Record<OptionalStage, Interest> = {
    connect: 'none',
    helo: 'none',
    mail: 'none',
    rcpt: 'none',
    data: 'none',
    header: 'none',
    endOfHeaders: 'none',
    body: 'none',
    unknown: 'none',
  };
  for (const stage of optionalStages) {
    const handler = on[stage];
    if (handler === undefined) continue;
    const answers = typeof handler === 'function' || ('mode' in handler && handler.mode === 'prefix');
    interests[stage] = answers ? 'answers' : 'observes';
  }
  return interests;
}

/** setTimeout() takes 31 bits. */
const maxMilliseconds = 2 ** 31 - 1;

function milliseconds(name: string, value: number, min: number): number {
  if (!Number.isInteger(value) || value < min || value > maxMilliseconds) {
    throw new RangeError(`${name} is a whole number of milliseconds from ${min} to ${maxMilliseconds}, not ${value}`);
  }
  return value;
}
