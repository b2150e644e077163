import { defineConfig } from 'vitest/config';

const conditions = ['@postern/source', 'node'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // Most of what the specs do is wait for others: three files side by side keep two cores busy.
    maxWorkers: 3,
    reporters: ['default', './scripts/closing-line.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
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
          globalSetup: ['integration/src/global-setup.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          expect: { poll: { timeout: 60_000 } },
        },
      },
    ],
  },
});
