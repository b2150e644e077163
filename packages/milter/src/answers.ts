import type { Clock } from './clock.ts';
import type { MacroStore } from './macros.ts';
import type { MilterEvent } from './milter-events.ts';
import type { Agreement } from './negotiation.ts';
import type { SessionOutput } from './output.ts';
import { type Stage, stageFlags } from './stages.ts';
import type { Verdict } from './verdicts.ts';
import { progressFrame, verdictFrame } from './wire/replies.ts';

/** Sends the answers that were agreed on, and no other. */
export class Answers {
  readonly #connection: number;
  readonly #output: SessionOutput;
  readonly #clock: Clock;
  readonly #macros: MacroStore;
  readonly #onEvent: ((event: MilterEvent) => void) | undefined;
  #agreement: Agreement | undefined;

  constructor(options: {
    connection: number;
    output: SessionOutput;
    clock: Clock;
    macros: MacroStore;
    onEvent: ((event: MilterEvent) => void) | undefined;
  }) {
    this.#connection = options.connection;
    this.#output = options.output;
    this.#clock = options.clock;
    this.#macros = options.macros;
    this.#onEvent = options.onEvent;
  }

  get agreement(): Agreement | undefined {
    return this.#agreement;
  }

  begin(agreement: Agreement): void {
    this.#agreement = agreement;
    this.#output.send(agreement.frame);
  }

  agreed(flag: number): boolean {
    return ((this.#agreement?.protocol ?? 0) & flag) !== 0;
  }

  /** Whether the mail server waits there; an answer that it does not wait for would be taken for the next one. */
  areExpectedAt(stage: Stage): boolean {
    return stage === 'endOfMessage' || !this.agreed(stageFlags[stage].noReply);
  }

  /** Answers an event, if it is to be answered; nothing is "continue". */
  send(stage: Stage, verdict: Verdict | undefined, startedAt: number | undefined): void {
    if (!this.areExpectedAt(stage)) return;
    this.#output.send(verdictFrame(verdict));
    if (this.#onEvent === undefined) return;
    const elapsedMs = startedAt === undefined ? 0 : this.#clock.now() - startedAt;
    const kind = verdict?.kind ?? 'continue';
    this.report({ kind: 'verdict', connection: this.#connection, stage, verdict: kind, elapsedMs });
  }

  /**
   * What reports progress at a stage, where the mail server takes it: everyone at the end of a message, Postfix
   * wherever it waits, which its version macro tells. Sendmail elsewhere takes it for an unknown answer.
   */
  keepAlive(stage: Stage): (() => void) | undefined {
    if (!this.areExpectedAt(stage)) return undefined;
    const isWelcome = stage === 'endOfMessage' || this.#macros.get('v')?.startsWith('Postfix') === true;
    return isWelcome ? () => this.#output.send(progressFrame) : undefined;
  }

  report(event: MilterEvent): void {
    this.#onEvent?.(event);
  }
}
