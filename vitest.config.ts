import { defineConfig } from 'vitest/config';

/** Unit tests sit beside their sources; the projects below need a build or a browser. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          environment: 'node',
          include: ['{src,offscreen,content,shaders,scripts}/**/*.test.ts'],
        },
      },
      {
        test: {
          name: 'project',
          environment: 'node',
          include: ['test/{project,build,shaders}/**/*.test.ts'],
          testTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'browser',
          environment: 'node',
          include: ['test/{e2e,hostile,gpu}/**/*.test.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
