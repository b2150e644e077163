import { defineConfig } from 'vitest/config';

const conditions = ['@postern/source', 'node'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    reporters: ['default', './scripts/closing-line.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          // Only against hanging: a busy machine is no failure.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          include: ['packages/*/test/**/*.test.ts', 'docker/test/**/*.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['integration/specs/**/*.spec.ts'],
          globalSetup: ['integration/src/global-setup.ts'],
          // One after another: Dovecot and a browser beside each other want more than two cores.
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
