'use strict';
// The direction of imports, as docs/architecture.md states it. Everything that is not allowed here is refused.

const TESTS = '\\.(test|test-d)\\.tsx?$';
const PRODUCT = '^(src|content|offscreen|shaders)/';

/** Which of the product's folders a folder may import from, itself included by default, and which npm packages. */
const LAYERS = [
  { name: 'shared', path: '^src/shared/', may: [], packages: [] },
  { name: 'protocol', path: '^src/protocol/', may: ['^src/shared/'], packages: ['valibot'] },
  { name: 'permissions', path: '^src/permissions/', may: ['^src/protocol/', '^src/shared/'], packages: ['valibot'] },
  {
    name: 'platform',
    path: '^src/platform/',
    may: ['^src/protocol/', '^src/shared/'],
    packages: ['valibot', 'webextension-polyfill'],
  },
  {
    name: 'background',
    path: '^src/background/',
    may: ['^src/protocol/', '^src/permissions/', '^src/platform/', '^src/shared/'],
    packages: ['valibot'],
  },
  {
    name: 'ui',
    path: '^src/ui/',
    may: ['^src/protocol/', '^src/permissions/(types|difference)\\.ts$', '^src/platform/', '^src/shared/'],
    packages: ['valibot', 'preact', 'tldts'],
  },
  {
    name: 'content',
    path: '^content/',
    may: ['^src/protocol/', '^src/shared/', '^src/platform/port'],
    packages: ['valibot'],
  },
  {
    name: 'offscreen-main',
    path: '^offscreen/main\\.ts$',
    may: ['^offscreen/', '^src/protocol/', '^src/shared/', '^shaders/', '^src/platform/'],
    packages: ['valibot'],
  },
  {
    name: 'offscreen',
    path: '^offscreen/',
    not: '^offscreen/main\\.ts$',
    may: ['^src/protocol/', '^src/shared/', '^shaders/'],
    packages: [
      'valibot',
      'onnxruntime-web',
      'onnxruntime-common',
      'onnx-proto',
      'hash-wasm',
      '@huggingface/(tokenizers|jinja)',
    ],
  },
  { name: 'shaders', path: '^shaders/', may: [], packages: [] },
];

const packagePath = (names) => names.map((name) => `(^|/)node_modules/${name}/`);

function layerRules({ name, path, not, may, packages }) {
  const from = { path, pathNot: [TESTS, ...(not ? [not] : [])] };
  return [
    {
      name: `${name}-imports`,
      comment: `${name} may import ${[...may, ...packages].join(', ') || 'nothing outside itself'}.`,
      severity: 'error',
      from,
      to: { path: `${PRODUCT}|(^|/)node_modules/`, pathNot: [path, ...may, ...packagePath(packages)] },
    },
  ];
}

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...LAYERS.flatMap(layerRules),
    {
      name: 'shader-references',
      comment: 'The CPU siblings and cases of kernels serve tests and benches, never the product.',
      severity: 'error',
      from: { path: PRODUCT, pathNot: [TESTS, '^shaders/.*\\.(ref|cases)\\.ts$'] },
      to: { path: '^shaders/.*\\.(ref|cases)\\.ts$' },
    },
    {
      name: 'product-alone',
      comment: 'The product imports no tests, tools, demos, benches, and nothing of Node.',
      severity: 'error',
      from: { path: PRODUCT, pathNot: TESTS },
      to: { path: `^(test|scripts|demo|bench)/|${TESTS}` },
    },
    {
      name: 'no-node',
      comment: 'The product runs in browsers.',
      severity: 'error',
      from: { path: PRODUCT, pathNot: TESTS },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-cycles',
      comment: 'Modules that import one another at run time cannot be understood one at a time.',
      severity: 'error',
      from: { path: `${PRODUCT}|^(test|scripts|demo|bench)/` },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolvable',
      comment: 'Every import leads somewhere. What a bench compares with is installed when that runs.',
      severity: 'error',
      from: { pathNot: '^bench/graphs/peer/' },
      to: { couldNotResolve: true, pathNot: '\\?(raw|url|worker)$|^(vitest|vite)(/|$)|onnxruntime-web|ort-wasm' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|dist-[^/]+|test/fixtures)/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'module', 'browser', 'types', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
