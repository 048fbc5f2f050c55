'use strict';

/** Loads and runs the script at `file`, which exports `main(args): Promise<number | undefined>`, the exit status. */
exports.start = async function start(file) {
  const path = require('node:path');
  const root = path.resolve(__dirname, '../..');
  process.chdir(root);
  const { runnerImport } = await import('vite');
  try {
    const { module } = await runnerImport(path.resolve(root, file), { root, configFile: false, logLevel: 'error' });
    process.exitCode = (await module.main(process.argv.slice(3))) ?? 0;
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  }
};
