import { defineConfig } from 'vitest/config';
import { LongestFirst } from './scripts/longest-first.ts';

const conditions = ['@postern/source', 'node'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // Most of what the specs do is wait for others: six files side by side keep two cores busy.
    maxWorkers: 6,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './scripts/closing-line.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          // Each file cleans up after itself, and loading a package anew for each takes as long as its tests.
          isolate: false,
          // Only against hanging: a busy machine is no failure.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: { poll: { timeout: 30_000 } },
          include: ['packages/*/test/**/*.test.ts', 'docker/test/**/*.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['integration/specs/**/*.spec.ts'],
          // Nothing outlives a file in them but what is read once, and reading it takes a second of each.
          isolate: false,
          globalSetup: ['integration/src/global-setup.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          // Looking into a container costs more than what it waits for.
          expect: { poll: { timeout: 60_000, interval: 200 } },
        },
      },
    ],
  },
});
