import type { MilterEvent } from '@postern/milter';

/** What a filter tells of itself, and a way to wait for it. */
export class EventLog {
  readonly events: MilterEvent[] = [];
  readonly #watchers = new Set<() => void>();

  readonly take = (event: MilterEvent): void => {
    this.events.push(event);
    for (const look of this.#watchers) look();
  };

  /** Those of one kind. */
  of<K extends MilterEvent['kind']>(kind: K): Extract<MilterEvent, { kind: K }>[] {
    return this.events.filter((event): event is Extract<MilterEvent, { kind: K }> => event.kind === kind);
  }

  clear(): void {
    this.events.length = 0;
  }

  /** Settles when an event of that kind has come. */
  async seen(kind: MilterEvent['kind']): Promise<void> {
    if (this.of(kind).length > 0) return;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (this.of(kind).length === 0) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
    });
  }
}
