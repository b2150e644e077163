import type { MilterEvent } from '../src/index.ts';

/** Checks the story of each connection as it ends: negotiated at most once, ended once, refused at most once. */
export class StoryOracle {
  readonly #stories = new Map<number, MilterEvent['kind'][]>();

  readonly take = (event: MilterEvent): void => {
    if (!('connection' in event) || event.kind === 'verdict') return;
    const story = this.#stories.get(event.connection);
    if (story === undefined) this.#stories.set(event.connection, [event.kind]);
    else story.push(event.kind);
  };

  /** @throws Error for the first connection whose story is not whole. Forgets them all. */
  check(): void {
    for (const [connection, story] of this.#stories) {
      const count = (...kinds: MilterEvent['kind'][]): number => story.filter((kind) => kinds.includes(kind)).length;
      const negotiated = count('connection.negotiated');
      const isWhole =
        negotiated <= 1 &&
        count('connection.closed') === negotiated &&
        count('connection.refused', 'connection.stranger') <= 1 &&
        (negotiated === 0 || story.at(-1) === 'connection.closed');
      if (!isWhole) throw new Error(`connection ${connection} has an odd story: ${story.join(', ')}`);
    }
    this.#stories.clear();
  }
}
