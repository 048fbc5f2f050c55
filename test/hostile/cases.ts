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

const hardware = (start: string): string[] => [
  `({ ${start}, hardware: null })`,
  `({ ${start}, hardware: { backends: [] } })`,
  `({ ${start}, hardware: { backends: "wasm" } })`,
  `({ ${start}, hardware: { backends: ["cuda"] } })`,
  `({ ${start}, hardware: { backends: ["wasm", "wasm"] } })`,
  `({ ${start}, hardware: { precision: "q1" } })`,
  `({ ${start}, hardware: { family: "" } })`,
  `({ ${start}, hardware: { family: "f".repeat(65) } })`,
  `({ ${start}, hardware: { device: "high-performance" } })`,
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
  ...hardware(`model: "${ECHO}", task: "text-generation", input: "x"`),
];

const TENSOR = '{ dtype: "float32", dims: [1], data: new ArrayBuffer(4) }';

const tensors = [
  `({ model: "${ECHO}", inputs: { x: { dtype: "complex64", dims: [1], data: new ArrayBuffer(8) } } })`,
  `({ model: "${ECHO}", inputs: { x: { dtype: "float32", dims: [2], data: new ArrayBuffer(4) } } })`,
  `({ model: "${ECHO}", inputs: { x: { dtype: "float32", dims: [-1], data: new ArrayBuffer(4) } } })`,
  `({ model: "${ECHO}", inputs: { x: { dtype: "float32", dims: [2 ** 31, 2 ** 31], data: new ArrayBuffer(4) } } })`,
  `({ model: "${ECHO}", inputs: { x: { dtype: "float32", dims: [1,1,1,1,1,1,1,1,1], data: new ArrayBuffer(4) } } })`,
  `({ model: "${ECHO}", inputs: { x: { dtype: "float32", dims: [1], data: [0] } } })`,
  `({ model: "${ECHO}", inputs: { x: { dtype: "float16", dims: [1], data: new ArrayBuffer(4) } } })`,
  `({ model: "${ECHO}", inputs: { "": ${TENSOR} } })`,
  `({ model: "${ECHO}", inputs: { x: ${TENSOR} }, graph: "../../config" })`,
  `({ model: "${ECHO}", inputs: { x: ${TENSOR} }, graph: "g".repeat(129) })`,
  `({ model: "${ECHO}", inputs: Object.fromEntries(Array.from({ length: 257 }, (_, i) => ["t" + i, ${TENSOR}])) })`,
  `({ model: "${ECHO}", inputs: { x: { kept: "../x" } } })`,
  `({ model: "${ECHO}", inputs: { x: { kept: "${TOKEN}", data: new ArrayBuffer(4) } } })`,
  `({ model: "${ECHO}", inputs: { x: ${TENSOR} }, keep: "x" })`,
  `({ model: "${ECHO}", inputs: { x: ${TENSOR} }, keep: [1] })`,
  `({ model: "${ECHO}", inputs: { x: ${TENSOR} }, keep: Array.from({ length: 257 }, () => "x") })`,
  ...hardware(`model: "${ECHO}", inputs: { x: ${TENSOR} }`),
];

const BLOB = 'new Blob(["{}"])';

const imports = [
  '({ name: "file:x", files: [] })',
  `({ name: "hf:org/name", files: [{ path: "config.json", file: ${BLOB} }] })`,
  `({ name: "packaged:storyteller", files: [{ path: "config.json", file: ${BLOB} }] })`,
  `({ name: "file:../x", files: [{ path: "config.json", file: ${BLOB} }] })`,
  `({ name: "file:", files: [{ path: "config.json", file: ${BLOB} }] })`,
  `({ name: "file:x", files: [{ path: "../config.json", file: ${BLOB} }] })`,
  `({ name: "file:x", files: [{ path: "/config.json", file: ${BLOB} }] })`,
  `({ name: "file:x", files: [{ path: "payload.exe", file: ${BLOB} }] })`,
  '({ name: "file:x", files: [{ path: "config.json", file: "{}" }] })',
  '({ name: "file:x", files: [{ path: "config.json", file: { size: 1, type: "" } }] })',
  `({ name: "file:x", files: Array.from({ length: 4097 }, () => ({ path: "config.json", file: ${BLOB} })) })`,
  `({ name: "file:x", files: [{ path: "config.json", file: ${BLOB}, sha256: "0".repeat(64) }] })`,
];

const FILE = '{ kind: "encoded", bytes: new ArrayBuffer(8) }';
const SOUND = '{ kind: "samples", rate: 8000, channels: [new ArrayBuffer(4)] }';

const performed = (task: string, input: string, more = ''): string =>
  `({ model: "${ECHO}", task: "${task}", input: ${input}${more} })`;
const image = (input: string, more = '') => performed('image-classification', input, more);
const sound = (input: string) => performed('automatic-speech-recognition', input);
const labelled = (labels: string) =>
  performed('zero-shot-image-classification', `{ image: ${FILE}, labels: ${labels} }`);
const pixels = (width: string, height: string) =>
  image(`{ kind: "pixels", width: ${width}, height: ${height}, data: new ArrayBuffer(4) }`);
const talk = (content: string) => performed('image-text-to-text', `[{ role: "user", content: ${content} }]`);

const performances = [
  performed('text-generation', '"x"'),
  performed('tensors', '{}'),
  performed('text-classification', FILE),
  performed('text-classification', '{ text: "a" }'),
  performed('text-classification', '{ text: "a", pair: "b", third: "c" }'),
  performed('text2text-generation', '"x".repeat(262_145)'),
  performed('text2text-generation', '"x"', ', options: { numBeams: 9 }'),
  performed('text2text-generation', '"x"', ', options: { numBeams: 1.5 }'),
  performed('text2text-generation', '"x"', ', options: { numBeams: 2, temperature: 1 }'),
  performed('image-text-to-text', '[{ role: "user", content: "x" }]', ', options: { numBeams: 2 }'),
  performed('feature-extraction', '[]'),
  performed('feature-extraction', '["a", ""]'),
  performed('feature-extraction', 'Array.from({ length: 257 }, () => "a")'),
  performed('feature-extraction', '"a"', ', options: { pooling: "max" }'),
  image('"https://bank.example/statement.png"'),
  image('{ kind: "file", bytes: new ArrayBuffer(8) }'),
  image('{ kind: "encoded", bytes: new ArrayBuffer(0) }'),
  image('{ kind: "encoded", bytes: new Uint8Array(8) }'),
  image('{ kind: "encoded", bytes: [1, 2, 3] }'),
  image('{ kind: "encoded", bytes: new ArrayBuffer(8), url: "file:///etc/passwd" }'),
  image('{ kind: "pixels" }'),
  image(FILE, ', options: { topK: 0 }'),
  image(FILE, ', options: { threshold: 0.5 }'),
  image(FILE, `, token: "${TOKEN}"`),
  pixels('60000', '60000'),
  pixels('1', '0'),
  pixels('-1', '-1'),
  pixels('0.5', '2'),
  pixels('NaN', '1'),
  pixels('2 ** 53', '1'),
  pixels('2', '1'),
  performed('object-detection', FILE, ', options: { threshold: 2 }'),
  sound('{ kind: "samples", rate: NaN, channels: [new ArrayBuffer(4)] }'),
  sound('{ kind: "samples", rate: 1e9, channels: [new ArrayBuffer(4)] }'),
  sound('{ kind: "samples", rate: 8000, channels: [] }'),
  sound('{ kind: "samples", rate: 8000, channels: [new ArrayBuffer(3)] }'),
  sound('{ kind: "samples", rate: 8000, channels: [new ArrayBuffer(4), new ArrayBuffer(8)] }'),
  sound('{ kind: "samples", rate: 8000, channels: Array.from({ length: 9 }, () => new ArrayBuffer(4)) }'),
  performed('automatic-speech-recognition', SOUND, ', options: { language: "../en" }'),
  performed('automatic-speech-recognition', SOUND, ', options: { maxNewTokens: 1e9 }'),
  performed('zero-shot-audio-classification', SOUND),
  performed('zero-shot-video-classification', '{ video: { kind: "frames", frames: [] }, labels: ["a"] }'),
  performed(
    'zero-shot-video-classification',
    `{ video: { kind: "frames", frames: Array.from({ length: 65 }, () => (${FILE})) }, labels: ["a"] }`,
  ),
  labelled('[]'),
  labelled('[""]'),
  labelled('["x".repeat(1025)]'),
  labelled('Array.from({ length: 257 }, () => "a")'),
  performed(
    'zero-shot-image-classification',
    `{ image: ${FILE}, labels: ["a"] }`,
    ', options: { hypothesisTemplate: "no place" }',
  ),
  talk('[]'),
  talk('[{ type: "video", video: 1 }]'),
  talk('[{ type: "text", text: "a", image: 1 }]'),
  talk(`Array.from({ length: 17 }, () => ({ type: "image", image: ${FILE} }))`),
  talk(`[{ type: "image", image: { kind: "frames", frames: [${FILE}] } }]`),
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
    ...hardware(`model: "${ECHO}"`),
    `({ model: "${ECHO}", initialMessages: [{ role: "x" }] })`,
  ],
  'chat.destroy': [...JUNK, '({ chat: 1 })'],
  'chat.prompt': [...JUNK, `({ chat: "${TOKEN}", input: "" })`, ...generation(`chat: "${TOKEN}", input: "x"`)],
  infer: [...JUNK, ...inference],
  'models.load': [...JUNK, '({ model: "" })', `({ model: "${ECHO}", force: true })`, ...hardware(`model: "${ECHO}"`)],
  'models.release': [...JUNK, '({ model: null })'],
  perform: [...JUNK, ...performances, ...hardware(`model: "${ECHO}", task: "text-classification", input: "x"`)],
  run: [...JUNK, ...tensors],
  stream: [...JUNK, ...inference],
  'tensor.read': [...JUNK, '({ kept: 1 })', `({ kept: "${TOKEN}", length: 1 })`],
  'tensor.release': [...JUNK, '({ kept: "../x" })'],
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
