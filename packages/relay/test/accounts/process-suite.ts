import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { openStore, type StoreLocation } from '../../src/store/store.ts';
import type { Orders } from './creating-process.ts';
import { login, testRelay } from './relay-fixture.ts';

const program = join(import.meta.dirname, 'creating-process.ts');
/** Only against hanging: a busy machine is no failure. */
const deadlineMs = 240_000;

/** Taking the types out of the relay takes longer than most of these processes live: Node keeps what came of it. */
const env = {
  ...process.env,
  NODE_COMPILE_CACHE: join(import.meta.dirname, '../../../../node_modules/.cache/node'),
};

/** What holds between processes, on whichever database they share. */
export function describeProcesses(database: string, locate: () => Promise<StoreLocation>): void {
  describe(`several processes with ${database}`, () => {
    it(
      'make one account with one winner out of a thousand first logins of one address',
      async () => {
        const location = await locate();
        const user = 'wanted-02@chat.example';
        const passwords = Array.from({ length: 1_000 }, (_, at) => `password-${at}`);
        const third = (at: number): string[] => passwords.filter((_, number) => number % 3 === at);
        const processes = [0, 1, 2].map(
          (at) =>
            new Creator(
              location,
              third(at).map((password) => ({ user, password })),
            ),
        );
        await Promise.all(processes.map((process) => process.ready()));
        for (const process of processes) process.go();
        const lines = (await Promise.all(processes.map((process) => process.end()))).flat();
        const accepted = lines.filter((line) => line.startsWith('accepted '));
        expect(lines).toHaveLength(1_000);
        expect(accepted).toHaveLength(1);
        expect(lines.filter((line) => line.startsWith('refused '))).toHaveLength(999);
        const store = await openStore(location);
        const winner = accepted[0]?.split(' ')[2] ?? '';
        expect(await testRelay(store).backend.verify(login(user, winner))).toMatchObject({ kind: 'accepted' });
        await store.close();
      },
      deadlineMs,
    );

    it(
      'leave an account whole or not at all when they are killed, and everyone who was let in has one',
      async () => {
        const location = await locate();
        const name = (round: number, at: number): string => `k${round}-${String(at).padStart(6, '0')}@chat.example`;
        for (const [round, lines] of [1, 7, 50].entries()) {
          const attempts = Array.from({ length: 100 }, (_, at) => ({
            user: name(round, at),
            password: `password-${at}`,
          }));
          const creator = new Creator(location, attempts);
          await creator.ready();
          creator.go();
          const told = await creator.killAfter(lines);
          const store = await openStore(location);
          const { backend } = testRelay(store);
          for (const line of told) {
            const [outcome, user = '', password = ''] = line.split(' ');
            expect(outcome).toBe('accepted');
            expect(await backend.verify(login(user, password))).toMatchObject({ kind: 'accepted' });
          }
          const rows = await store.read((db) =>
            db.selectFrom('accounts').selectAll().where('address', 'like', `k${round}-%`).execute(),
          );
          expect(rows.length).toBeGreaterThanOrEqual(told.length);
          for (const row of rows) {
            const password = `password-${Number(row.address.slice(3, 9))}`;
            expect(await backend.verify(login(row.address, password))).toMatchObject({ kind: 'accepted' });
          }
          await store.close();
        }
      },
      deadlineMs,
    );
  });
}

/** A process that makes accounts, from its start to its end. */
class Creator {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: string[] = [];
  readonly #exited: Promise<unknown>;
  #onLine: () => void = () => {};

  constructor(location: StoreLocation, attempts: Orders['attempts']) {
    const orders: Orders = { location, attempts };
    const args = ['--conditions=@postern/source', program, JSON.stringify(orders)];
    this.#child = spawn(process.execPath, args, { stdio: 'pipe', env });
    this.#child.stderr.pipe(process.stderr);
    this.#exited = once(this.#child, 'close');
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.#lines.push(line);
      this.#onLine();
    });
  }

  async ready(): Promise<void> {
    await this.#reach(1);
  }

  go(): void {
    this.#child.stdin.write('go\n');
  }

  async end(): Promise<string[]> {
    await this.#exited;
    return this.#lines.slice(1);
  }

  async killAfter(lines: number): Promise<string[]> {
    await this.#reach(1 + lines);
    this.#child.kill('SIGKILL');
    return await this.end();
  }

  async #reach(count: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#onLine = () => {
        if (this.#lines.length >= count) resolve();
      };
      this.#onLine();
      void this.#exited.then(() => reject(new Error(`the process ended after ${this.#lines.length} lines`)));
    });
  }
}
