/**
 * What a hostile sender puts into each message, as JavaScript expressions, because most of it has no JSON: wrong types,
 * missing and unknown fields, numbers that are none, things too long, too many and too deep. All of it must be refused.
 */
const JUNK = [
  'undefined',
  'null',
  '7',
  'NaN',
  '"text"',
  '[]',
  '({ unknown: 1 })',
  '({ toString: 1, constructor: 1 })',
  '"x".repeat(5_000_000)',
  'Array.from({ length: 100_000 }, () => 0)',
  'Array.from({ length: 64 }).reduce((inner) => ({ inner }), {})',
  'new Uint8Array(1024)',
] as const;

const ECHO = 'packaged:echo';
const TOKEN = '0123456789abcdef0123456789abcdef';

const permission = [
  '({ models: [] })',
  '({ models: "*" })',
  `({ models: "${ECHO}" })`,
  '({ models: ["no scheme"] })',
  '({ models: ["../../etc"] })',
  `({ models: Array.from({ length: 17 }, () => "${ECHO}") })`,
  `({ models: ["${ECHO}"], tasks: [] })`,
  `({ models: ["${ECHO}"], tasks: ["everything"] })`,
  `({ models: ["${ECHO}"], limits: { maxConcurrent: Infinity } })`,
  `({ models: ["${ECHO}"], limits: { maxTokens: -1 } })`,
  `({ models: ["${ECHO}"], limits: { maxTokens: 1.5 } })`,
  `({ models: ["${ECHO}"], limits: { expiry: "never" } })`,
  `({ models: ["${ECHO}"], reason: "r".repeat(201) })`,
  `({ models: ["${ECHO}"], origin: "https://bank.example" })`,
];

const generation = (start: string): string[] => [
  `({ ${start}, options: { temperature: NaN } })`,
  `({ ${start}, options: { temperature: -1 } })`,
  `({ ${start}, options: { topP: NaN } })`,
  `({ ${start}, options: { topP: 0 } })`,
  `({ ${start}, options: { topK: 0.5 } })`,
  `({ ${start}, options: { repetitionPenalty: Infinity } })`,
  `({ ${start}, options: { seed: -1 } })`,
  `({ ${start}, options: { maxNewTokens: 1e9 } })`,
  `({ ${start}, options: { stop: [""] } })`,
  `({ ${start}, options: { stop: Array.from({ length: 17 }, () => "x") } })`,
  `({ ${start}, options: { unknown: 1 } })`,
];

const inference = [
  `({ model: "${ECHO}", task: "text-generation" })`,
  `({ model: "${ECHO}", task: "text-generation", input: "" })`,
  `({ model: "${ECHO}", task: "text-generation", input: [] })`,
  `({ model: "${ECHO}", task: "text-generation", input: 7 })`,
  `({ model: "${ECHO}", task: "text-generation", input: "x".repeat(262_145) })`,
  `({ model: "${ECHO}", task: "text-generation", input: [{ role: "root", content: "x" }] })`,
  `({ model: "${ECHO}", task: "text-generation", input: [{ role: "user" }] })`,
  `({ model: "${ECHO}", task: "tensors", input: "x" })`,
  '({ model: "javascript:alert(1)", task: "text-generation", input: "x" })',
  `({ model: "${ECHO}", task: "text-generation", input: "x", token: "${TOKEN}" })`,
  ...generation(`model: "${ECHO}", task: "text-generation", input: "x"`),
];

const TENSOR = '{ dtype: "float32", dims: [1], data: new ArrayBuffer(4) }';

const tensors = [
  `({ model: "${ECHO}", inputs: { x: { dtype: "float64", dims: [1], data: new ArrayBuffer(8) } } })`,
  `({ model: "${ECHO}", inputs: { x: { dtype: "float32", dims: [2], data: new ArrayBuffer(4) } } })`,
  `({ model: "${ECHO}", inputs: { x: { dtype: "float32", dims: [-1], data: new ArrayBuffer(4) } } })`,
  `({ model: "${ECHO}", inputs: { x: { dtype: "float32", dims: [2 ** 31, 2 ** 31], data: new ArrayBuffer(4) } } })`,
  `({ model: "${ECHO}", inputs: { x: { dtype: "float32", dims: [1,1,1,1,1,1,1,1,1], data: new ArrayBuffer(4) } } })`,
  `({ model: "${ECHO}", inputs: { x: { dtype: "float32", dims: [1], data: [0] } } })`,
  `({ model: "${ECHO}", inputs: { "": ${TENSOR} } })`,
  `({ model: "${ECHO}", inputs: Object.fromEntries(Array.from({ length: 65 }, (_, i) => ["t" + i, ${TENSOR}])) })`,
];

const FILE = 'new Blob(["{}"])';

const imports = [
  '({ name: "file:x", files: [] })',
  `({ name: "hf:org/name", files: [{ path: "config.json", file: ${FILE} }] })`,
  `({ name: "packaged:storyteller", files: [{ path: "config.json", file: ${FILE} }] })`,
  `({ name: "file:../x", files: [{ path: "config.json", file: ${FILE} }] })`,
  `({ name: "file:", files: [{ path: "config.json", file: ${FILE} }] })`,
  `({ name: "file:x", files: [{ path: "../config.json", file: ${FILE} }] })`,
  `({ name: "file:x", files: [{ path: "/config.json", file: ${FILE} }] })`,
  `({ name: "file:x", files: [{ path: "payload.exe", file: ${FILE} }] })`,
  '({ name: "file:x", files: [{ path: "config.json", file: "{}" }] })',
  '({ name: "file:x", files: [{ path: "config.json", file: { size: 1, type: "" } }] })',
  `({ name: "file:x", files: Array.from({ length: 4097 }, () => ({ path: "config.json", file: ${FILE} })) })`,
  `({ name: "file:x", files: [{ path: "config.json", file: ${FILE}, sha256: "0".repeat(64) }] })`,
];

const subject = '{ invoker: "https://a.example", topOrigin: "https://a.example" }';

/** Keyed by message name; a message without an entry fails the project's own tests. */
export const HOSTILE_CASES: Readonly<Record<string, readonly string[]>> = {
  capabilities: JUNK,
  'models.availability': [...JUNK, '({ model: 1 })', `({ model: "${ECHO}", task: "everything" })`],
  'models.list': JUNK,
  'permissions.query': [...JUNK, '({ origin: "https://bank.example" })'],
  'permissions.request': [...JUNK, ...permission],
  'permissions.revoke': [...JUNK, '({ origin: "https://bank.example" })'],
  'session.open': [...JUNK, ...permission],
  'chat.append': [...JUNK, `({ chat: "${TOKEN}", messages: [] })`, '({ chat: "x", messages: [] })'],
  'chat.clone': [...JUNK, '({ chat: "../x" })'],
  'chat.create': [
    ...JUNK,
    ...generation(`model: "${ECHO}"`),
    `({ model: "${ECHO}", initialMessages: [{ role: "x" }] })`,
  ],
  'chat.destroy': [...JUNK, '({ chat: 1 })'],
  'chat.prompt': [...JUNK, `({ chat: "${TOKEN}", input: "" })`, ...generation(`chat: "${TOKEN}", input: "x"`)],
  infer: [...JUNK, ...inference],
  'models.load': [...JUNK, '({ model: "" })', `({ model: "${ECHO}", force: true })`],
  'models.release': [...JUNK, '({ model: null })'],
  run: [...JUNK, ...tensors],
  stream: [...JUNK, ...inference],
  'host.act': [`({ model: "${ECHO}", act: "remove" })`, '({ model: "hf:org/name", act: "fetch" })'],
  'host.describe': ['({ model: "hf:org/name" })'],
  'host.hello': ['({ settings: {} })'],
  'host.job': [`({ job: "${TOKEN}", act: "stop" })`],
  'host.models': ['({})'],
  'host.session.end': [`({ token: "${TOKEN}", reason: { code: "stopped", message: "x" } })`],
  'host.session.start': [
    `({ token: "${TOKEN}", subject: ${subject}, grants: [{ models: "*", tasks: "*" }], usedComputeMs: 0, dayEndsAt: 0 })`,
  ],
  'host.settings': [
    '({ gpuBudgetBytes: 1, cpuBudgetBytes: 1, idleUnloadMs: 1000, denyCooldownMs: 0, backend: "wasm" })',
  ],
  'host.status': ['({})'],
  'host.stop': [`({ tokens: ["${TOKEN}"] })`],
  'host.sites': ['({ sites: [] })'],
  'host.store': ['({})'],
  'host.token': ['({ token: "hf_stolen" })', '({})'],
  'host.unload': [`({ model: "${ECHO}" })`],
  'host.warm': [`({ models: ["${ECHO}"] })`, '({ models: [] })'],
  'report.grants-expired': [`({ token: "${TOKEN}" })`, '({})'],
  'report.session-closed': [`({ token: "${TOKEN}" })`],
  'report.usage': [`({ instance: "${TOKEN}", seq: 1, entries: [] })`],
  'bridge.attach': [`({ token: "${TOKEN}", origin: "https://bank.example" })`],
  'host.attach': [`({ token: "${TOKEN}" })`],
  'bridge.files': ['({})'],
  'host.files': ['({})'],
  'files.export': [...JUNK, '({ model: "../x" })', '({ model: "packaged:echo", to: "https://bank.example" })'],
  'files.import': [...JUNK, ...imports],
  'files.inspect': [...JUNK, '({ archive: "data" })', '({ archive: { size: 1 } })'],
  'files.restore': [
    ...JUNK,
    '({ archive: new Blob(["x"]) })',
    '({ archive: new Blob(["x"]), name: "file:../x" })',
    '({ archive: new ArrayBuffer(1024), name: "file:x" })',
  ],
  'ui.act': [`({ model: "${ECHO}", act: "remove" })`],
  'ui.denial.clear': [`({ subject: ${subject} })`],
  'ui.grant.revoke': ['({ all: true })'],
  'ui.grant.update': [`({ id: "${TOKEN}", caveats: {} })`],
  'ui.job': [`({ job: "${TOKEN}", act: "stop" })`],
  'ui.model.unload': [`({ model: "${ECHO}" })`],
  'ui.prompt.answer': [`({ id: "${TOKEN}", answer: { decision: "allow" } })`],
  'ui.prompt.get': [`({ id: "${TOKEN}" })`],
  'ui.settings.set': [
    '({ gpuBudgetBytes: 1, cpuBudgetBytes: 1, idleUnloadMs: 1000, denyCooldownMs: 0, backend: "wasm" })',
  ],
  'ui.state': ['({})'],
  'ui.stop': ['({})'],
  'ui.store': ['({})'],
  'ui.token': ['({ token: "hf_stolen" })'],
  'ui.tab': ['({ tabId: 1 })'],
};
