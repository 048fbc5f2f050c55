'use strict';
// Starts a TypeScript script: `node scripts/run.cjs scripts/demo.ts [arguments]`; without a script it only checks Node.
// The syntax is that of 2015, so that a Node that is too old still gets to say so. Vite (which builds the product) loads
// the script, hence scripts are transformed exactly like the tests and no further tool is needed.

/** Whether `version` satisfies a range written as `^a.b.c || >=d.e.f`, the only form that package.json uses. */
function satisfies(version, range) {
  const have = version.split('.').map(Number);
  return range.split('||').some((part) => {
    const match = /^\s*(\^|>=)(\d+)(?:\.(\d+))?(?:\.(\d+))?\s*$/.exec(part);
    if (!match) throw new Error(`package.json: unexpected form of engines.node: ${range}`);
    const want = [Number(match[2]), Number(match[3] || 0), Number(match[4] || 0)];
    if (match[1] === '^' && have[0] !== want[0]) return false;
    for (let i = 0; i < 3; i++) {
      if (have[i] !== want[i]) return have[i] > want[i];
    }
    return true;
  });
}

function requireNode() {
  const range = require('../package.json').engines.node;
  if (satisfies(process.versions.node, range)) return;
  console.error(`webplat needs Node ${range}, but this is Node ${process.versions.node}.`);
  console.error('Install a supported release (see https://nodejs.org) and run the command again.');
  process.exit(1);
}

module.exports = { satisfies };

if (require.main === module) {
  requireNode();
  if (process.argv[2]) require('./lib/start.cjs').start(process.argv[2]);
}
