import type { Demand } from '../../src/mail/budget.ts';
import type { LedgerKey } from '../../src/mail/ledger.ts';
import type { Allowance, Limiter, Permission } from '../../src/mail/limiter.ts';

/** Writes down what the filters ask for, and grants or answers what the test says. */
export class NotingLimiter implements Limiter {
  readonly notes: string[] = [];
  answer: Permission = { kind: 'granted', heldMs: 0 };
  mayAsk = (_demand: Demand): boolean => true;
  open_ = 0;
  #onSettled: () => void = () => {};

  open(key: LedgerKey): Allowance {
    this.open_ += 1;
    let isOpen = true;
    const settle = (note: string): void => {
      if (!isOpen) return;
      isOpen = false;
      this.open_ -= 1;
      this.notes.push(`${key} ${note}`);
      if (this.open_ === 0) this.#onSettled();
    };
    const said = ({ messages, recipients, bytes }: Demand): string => `${messages}/${recipients}/${bytes}`;
    return {
      ask: (demand) => {
        this.notes.push(`${key} asks ${said(demand)}`);
        return Promise.resolve(this.mayAsk(demand) ? this.answer : { kind: 'exceeded', part: 'bytes', waitSeconds: 9 });
      },
      commit: (spent) => settle(`spent ${spent.messages}/${spent.recipients}`),
      refund: () => settle('refunded'),
    };
  }

  /** Everything that was reserved has been settled. */
  allSettled(): Promise<void> {
    return new Promise((resolve) => {
      this.#onSettled = resolve;
      if (this.open_ === 0) resolve();
    });
  }
}
