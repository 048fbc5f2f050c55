/**
 * The page API of webplat, version 1. `window.webplat` exists in secure HTML documents of browsers that have the
 * extension; where it does not, wait for the `webplat:announce` event after dispatching `webplat:request`.
 *
 * Every promise here rejects with a {@link WebplatError}, except that an aborted `signal` rejects with its own reason.
 */

/**
 * A model's name: `packaged:NAME` of those that come with the extension, `hf:ORG/NAME[@REVISION]` of a hub, `https://HOST/PATH/`
 * for a folder on a server that the user allowed, `file:NAME` for files that the user added.
 */
export type ModelName = string;

/** What a model can be asked to do. `tensors` stands for {@link Webplat.run}. */
export type TaskName = 'text-generation' | PerformedTask | 'tensors';

/** What really computed the result; never a wish. */
export type Backend = 'REAL_WEBGPU' | 'REAL_WEBNN' | 'PARTLY_WEBNN' | 'REAL_WASM' | 'ECHO';

/** What computes: the graphics device, the processor, or WebNN on the processor, which is taken only where it is named. */
export type BackendName = 'webgpu' | 'wasm' | 'webnn';

/** How weights are stored: floats of 32 or 16 bits, or linear layers in blocks of 8 or 4 bits. */
export type Precision = 'fp32' | 'fp16' | 'q8' | 'q4';

/** `mixed` where the parts of a model differ. */
export type StoredPrecision = Precision | 'mixed';

/**
 * What a request wants to be computed with; left out, whatever is there or is best. A copy in memory is shared where it will do: on
 * any of `backends`, stored as asked. Otherwise the model is loaded on the first of them that works, within the user's settings.
 * Rejects with `no-backend` where none does, and says why for each.
 */
export interface Hardware {
  backends?: readonly BackendName[] | undefined;
  precision?: Precision | undefined;
  /** Architecture that the model has to be of (`model_type` of its config.json); another one is refused before anything is fetched. */
  family?: string | undefined;
}

/** One message of a conversation. */
export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** How text is sampled. Greedy while `temperature` is 0, which is the default. */
export interface GenerationOptions {
  maxNewTokens?: number | undefined;
  /** 0 to 10. */
  temperature?: number | undefined;
  /** Keep the `topK` most likely tokens. */
  topK?: number | undefined;
  /** Keep the smallest set of tokens whose probabilities sum to `topP`; above 0, at most 1. */
  topP?: number | undefined;
  /** Above 1 makes tokens that were already used less likely. */
  repetitionPenalty?: number | undefined;
  /** Equal seeds give equal samples on equal hardware; an unsigned 32-bit integer. */
  seed?: number | undefined;
  /** Generation ends before the first of these appears. */
  stop?: readonly string[] | undefined;
}

/** How another text is written. */
export interface RewritingOptions extends GenerationOptions {
  /**
   * Beam search: so many texts are followed at once, and the likeliest is the answer. 1 to 8, and as many as the model has memory for; each
   * of their tokens counts. With more than one, no option but `maxNewTokens` goes with it.
   */
  numBeams?: number | undefined;
}

/** Progress of a model on its way into memory. */
export interface LoadProgress {
  readonly phase: 'download' | 'read' | 'quantize' | 'verify' | 'compile' | 'ready';
  /** 0 to 1, in hundredths. */
  readonly fraction: number;
  /** The graph of the model that it is about, e.g. `decoder` or `vision`; absent for the model as a whole. */
  readonly component?: string | undefined;
}

/** Where a result was computed and what it cost; milliseconds count from acceptance and include waiting. */
export interface Execution {
  readonly backend: Backend;
  /** Vendor and architecture of the graphics adapter; absent without one. */
  readonly adapter?: string | undefined;
  /** How the weights that were loaded are stored; absent for a model without any. */
  readonly precision?: StoredPrecision | undefined;
  /** Set where the model is larger than the memory it may take: layers are read from disk for every token. */
  readonly streamed?: true | undefined;
  readonly firstTokenMs: number;
  readonly totalMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** A finished generation. */
export interface GenerationResult {
  readonly text: string;
  readonly finishReason: 'end' | 'stop-string' | 'length';
  readonly execution: Execution;
}

/** A piece of text; the pieces of a stream concatenate to the whole. Never ends inside a character. */
export interface TextChunk {
  readonly text: string;
  /** Tokens that the piece stands for. */
  readonly tokens: number;
}

/** Text on its way: a ReadableStream, hence async iterable. Leaving a `for await` loop or cancelling aborts the work. */
export interface TextStream extends ReadableStream<TextChunk>, AsyncIterable<TextChunk> {
  /** Settles when the last chunk was read, or when the work failed. Nobody has to look at it. */
  readonly result: Promise<GenerationResult>;
  [Symbol.asyncIterator](options?: ReadableStreamIteratorOptions): ReadableStreamAsyncIterator<TextChunk>;
}

/** Who waits for a call, and what it wants to hear meanwhile. */
export interface CallOptions {
  /** Aborts the work through every hop; the promise rejects at once with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Hears of the model's way into memory, where it was not there yet. */
  onProgress?: ((progress: LoadProgress) => void) | undefined;
}

/** A text generation; the other tasks are {@link TaskRequest}s. */
export interface InferRequest extends CallOptions {
  model: ModelName;
  task: 'text-generation';
  /** A text to continue, or a conversation that the model's chat template turns into one. */
  input: string | readonly ChatMessage[];
  options?: GenerationOptions | undefined;
  hardware?: Hardware | undefined;
}

/**
 * The URL of the page's own data: `blob:`, `data:`, or of the same origin. The page itself fetches it, with its own rights;
 * fetch others yourself and pass the Blob.
 */
export type OwnUrl = string;

/**
 * An image. Files keep everything that is in them; from what was drawn or decoded already come the pixels that the page
 * could read itself, at once: those of an image or video have to be loaded, and not be those of another origin.
 */
export type ImageInput =
  | Blob
  | OwnUrl
  | ImageData
  | ImageBitmap
  | HTMLImageElement
  | HTMLCanvasElement
  | HTMLVideoElement
  | OffscreenCanvas
  | VideoFrame;

/** A sound. `samples` are between -1 and 1, one array for each channel, `rate` of them a second. */
export type AudioInput =
  | Blob
  | OwnUrl
  | AudioBuffer
  | { samples: Float32Array | readonly Float32Array[]; rate: number };

/** A video: a file, or frames of it in order. */
export type VideoInput = Blob | OwnUrl | readonly ImageInput[];

/** A piece of a message with images in it. */
export type MessagePart = { type: 'text'; text: string } | { type: 'image'; image: ImageInput };

/** One message of a conversation with images in it. */
export interface ImageMessage {
  role: 'system' | 'user' | 'assistant';
  content: string | readonly MessagePart[];
}

/** A label and how well it fits; lists have the best first. */
export interface LabelScore {
  readonly label: string;
  readonly score: number;
}

/** Something found in a picture; the box is in pixels of the picture. */
export interface DetectedObject extends LabelScore {
  readonly box: { readonly xmin: number; readonly ymin: number; readonly xmax: number; readonly ymax: number };
}

/** A dense row-major tensor of a task's output. */
export interface FloatTensor {
  readonly dtype: 'float32';
  readonly dims: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

export interface GeneratedText {
  readonly generated_text: string;
}

/** What was said; `chunks` where timestamps were asked for, in seconds, with `null` for an end that was not heard. */
export interface Transcript {
  readonly text: string;
  readonly chunks?:
    | readonly { readonly text: string; readonly timestamp: readonly [number, number | null] }[]
    | undefined;
}

export interface ClassificationOptions {
  /** How many of the likeliest labels are wanted; all, if left out. */
  topK?: number | undefined;
}

export interface ZeroShotOptions {
  /** The sentence that a label is put into in place of `{}`. */
  hypothesisTemplate?: string | undefined;
}

export interface EmbeddingOptions {
  /** The mean over all tokens, the first token, or none, which is the default and takes one text. */
  pooling?: 'none' | 'mean' | 'cls' | undefined;
  /** Whether vectors are scaled to length 1. */
  normalize?: boolean | undefined;
}

export interface DetectionOptions {
  /** Objects that are less likely are left out; 0.9 if left out. */
  threshold?: number | undefined;
}

export interface SpeechOptions {
  /** The language spoken, e.g. `en`; found out by the model, if left out. */
  language?: string | undefined;
  /** `translate` writes English whatever is spoken, where the model can. */
  task?: 'transcribe' | 'translate' | undefined;
  /** `true` for the times of passages, `word` for those of words. */
  returnTimestamps?: boolean | 'word' | undefined;
  /** New tokens for each 30 seconds. */
  maxNewTokens?: number | undefined;
}

export type NoOptions = Readonly<Record<string, never>>;

/** Input, options and output of every task but text generation. */
export interface Tasks {
  'text2text-generation': { input: string; options: RewritingOptions; output: readonly GeneratedText[] };
  'feature-extraction': { input: string | readonly string[]; options: EmbeddingOptions; output: FloatTensor };
  'text-classification': {
    input: string | { text: string; pair: string };
    options: ClassificationOptions;
    output: readonly LabelScore[];
  };
  'image-classification': { input: ImageInput; options: ClassificationOptions; output: readonly LabelScore[] };
  'image-feature-extraction': { input: ImageInput; options: NoOptions; output: FloatTensor };
  'zero-shot-image-classification': {
    input: { image: ImageInput; labels: readonly string[] };
    options: ZeroShotOptions;
    output: readonly LabelScore[];
  };
  'object-detection': { input: ImageInput; options: DetectionOptions; output: readonly DetectedObject[] };
  'image-text-to-text': {
    input: readonly ImageMessage[];
    options: GenerationOptions;
    output: readonly GeneratedText[];
  };
  'automatic-speech-recognition': { input: AudioInput; options: SpeechOptions; output: Transcript };
  'audio-feature-extraction': { input: AudioInput; options: NoOptions; output: FloatTensor };
  'zero-shot-audio-classification': {
    input: { audio: AudioInput; labels: readonly string[] };
    options: ZeroShotOptions;
    output: readonly LabelScore[];
  };
  'zero-shot-video-classification': {
    input: { video: VideoInput; labels: readonly string[] };
    options: ZeroShotOptions;
    output: readonly LabelScore[];
  };
}

export type PerformedTask = keyof Tasks;
export type TaskInput<T extends PerformedTask> = Tasks[T]['input'];
export type TaskOptions<T extends PerformedTask> = Tasks[T]['options'];
export type TaskOutput<T extends PerformedTask> = Tasks[T]['output'];

/** One inference of a task that takes one input and gives one output. */
export interface TaskRequest<T extends PerformedTask> extends CallOptions {
  model: ModelName;
  task: T;
  input: TaskInput<T>;
  options?: TaskOptions<T> | undefined;
  hardware?: Hardware | undefined;
}

/** Where an output was computed and how long it took, waiting included. */
export interface TaskExecution {
  readonly backend: Backend;
  /** Vendor and architecture of the graphics adapter; absent without one. */
  readonly adapter?: string | undefined;
  /** How the weights that were loaded are stored; absent for a model without any. */
  readonly precision?: StoredPrecision | undefined;
  /** Set where the model is larger than the memory it may take: layers are read from disk for every token. */
  readonly streamed?: true | undefined;
  readonly totalMs: number;
}

/** What a task gives; frozen throughout, but for the elements of tensors. */
export interface TaskResult<T extends PerformedTask> {
  readonly output: TaskOutput<T>;
  readonly execution: TaskExecution;
}

/** Element type of a tensor, with the array that holds it on the page's side: float16 as its bits, bool as zeros and ones. */
export interface TensorData {
  float32: Float32Array;
  float16: Uint16Array;
  float64: Float64Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
  bool: Uint8Array;
}

/** A dense row-major tensor; `data` holds the product of `dims` elements. */
export type Tensor = {
  [D in keyof TensorData]: { readonly dtype: D; readonly dims: readonly number[]; readonly data: TensorData[D] };
}[keyof TensorData];

/**
 * An output that the extension keeps for later runs of the same document, so that it does not travel. It counts as memory that
 * the site holds, and ends with the document's session; calls on it then reject with `tensor-unknown`.
 */
export interface KeptTensor {
  readonly kept: string;
  readonly dtype: keyof TensorData;
  readonly dims: readonly number[];
  /** Brings a copy. */
  read(): Promise<Tensor>;
  /** Lets go of it. Calling it twice is no error. */
  release(): Promise<void>;
}

/** Runs a model's graph once. */
export interface RunRequest {
  model: ModelName;
  /** The graph to run, of a model that has several: e.g. `encoder`, or the name of an ONNX file, e.g. `model_q4`. */
  graph?: string | undefined;
  inputs: Readonly<Record<string, Tensor | KeptTensor>>;
  /** Outputs to keep instead of answering them, by name; `true` for all. */
  keep?: true | readonly string[] | undefined;
  hardware?: Hardware | undefined;
  /** Moves the input buffers instead of copying them: the arrays are empty afterwards. */
  transfer?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

export interface RunResult {
  /** Those that are not kept. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Those that are; absent where the request did not say `keep`. */
  readonly kept?: Readonly<Record<string, KeptTensor>> | undefined;
  readonly execution: TaskExecution;
}

/** A model that the document asked to keep in memory. */
export interface ModelHandle {
  readonly model: ModelName;
  readonly backend: Backend;
  readonly adapter?: string | undefined;
  readonly precision?: StoredPrecision | undefined;
  /** Set where the model is larger than the memory it may take: layers are read from disk for every token. */
  readonly streamed?: true | undefined;
  /** Lets go of the model. Calling it twice is no error. */
  release(): Promise<void>;
}

/** A model as sites see it that may use it. */
export interface ModelCard {
  readonly name: ModelName;
  readonly title: string;
  readonly description: string;
  readonly licence: string;
  readonly tasks: readonly TaskName[];
  readonly diskBytes: number;
  readonly residentBytes: number;
  /** Where it comes from: with the extension, a hub or another server, or the user's own files. */
  readonly source: 'packaged' | 'hub' | 'web' | 'file';
  /** Name of the server that it is fetched from; absent where nothing is fetched. */
  readonly host?: string | undefined;
  /** Bytes that are not on this computer yet. */
  readonly downloadBytes: number;
  /** Tokens of prompt and answer together; absent where the notion has no meaning. */
  readonly contextTokens?: number | undefined;
  /** What it is expected to take and where it runs, known before any of its weights is; absent where nothing has to be chosen. */
  readonly hardware?: ModelHardware | undefined;
}

export interface ModelHardware {
  /** Architecture, as config.json names it. */
  readonly family: string;
  readonly parameters: number;
  /** Parts that are loaded and compiled side by side, each when a task needs it. */
  readonly components: readonly string[];
  /** Bytes of all weights, by the way in which linear layers are stored. */
  readonly precisions: readonly { readonly precision: Precision; readonly bytes: number }[];
  /** The least that it takes where layers are read from disk for every token; absent for models that cannot be run that way. */
  readonly streamedBytes?: number | undefined;
  /** What is best where memory and devices allow it, the best backend first. */
  readonly recommended: {
    readonly precision: Precision;
    readonly backends: readonly BackendName[];
  };
}

export interface Availability {
  /**
   * `ready`: in memory for this site; `on-disk`: loads without the network; `downloadable`: `bytes` have to come first;
   * `unavailable`: it cannot run here, for the `reason`, which says what could.
   */
  readonly availability: 'ready' | 'on-disk' | 'downloadable' | 'needs-permission' | 'unavailable';
  readonly bytes?: number;
  readonly reason?: string | undefined;
  /** Set where it is larger than the memory that models may take: layers would be read from disk for every token, which is slow. */
  readonly streamed?: true | undefined;
}

export interface LoadOptions {
  monitor?: ((progress: LoadProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface Models {
  /** What would have to happen before the model could be used. Never prompts. */
  availability(request: { model: ModelName; task?: TaskName | undefined }): Promise<Availability>;
  /** Makes a model resident, as far as the task needs it, and holds it until it is released or the document goes away. */
  load(
    request: { model: ModelName; task?: TaskName | undefined; hardware?: Hardware | undefined },
    options?: LoadOptions,
  ): Promise<ModelHandle>;
  /** The models that the site may use; empty before it was allowed any. */
  list(): Promise<readonly ModelCard[]>;
}

/** What a site asks the user for. */
export interface PermissionRequest {
  models: readonly ModelName[];
  tasks?: readonly TaskName[] | undefined;
  limits?:
    | {
        maxConcurrent?: number | undefined;
        maxRatePerMinute?: number | undefined;
        maxTokens?: number | undefined;
        maxMemoryBytes?: number | undefined;
        maxComputeMsPerDay?: number | undefined;
      }
    | undefined;
  /** Shown to the user as the site's words; at most 200 characters. */
  reason?: string | undefined;
}

/** A limit of a grant, in the form of EIP-2255. `'*'` means all and is never the meaning of an empty list. */
export type Caveat =
  | { readonly type: 'models'; readonly value: '*' | readonly ModelName[] }
  | { readonly type: 'tasks'; readonly value: '*' | readonly TaskName[] }
  | {
      readonly type: 'maxConcurrent' | 'maxRatePerMinute' | 'maxTokens' | 'maxMemoryBytes' | 'maxComputeMsPerDay';
      readonly value: number;
    }
  | { readonly type: 'expiry'; readonly value: 'never' | number }
  | { readonly type: 'topLevelOnly'; readonly value: boolean };

/** What the user allowed the site. */
export interface PublicGrant {
  readonly parentCapability: 'infer';
  readonly caveats: readonly Caveat[];
  /** When it was allowed, in milliseconds since the epoch. */
  readonly date: number;
  readonly lasts: 'document' | 'browser-session' | 'persistent';
}

export interface Permissions extends EventTarget {
  /** The grants that this document could use now. Never prompts. */
  query(): Promise<readonly PublicGrant[]>;
  /** Asks the user, unless a grant already covers it. Call it from a click or key press. */
  request(request: PermissionRequest, options?: { signal?: AbortSignal | undefined }): Promise<readonly PublicGrant[]>;
  /** Gives back everything the site was allowed; answers how many grants that were. */
  revoke(): Promise<number>;
  /** Runs once for each change of the site's grants, whoever made it. */
  onchange: ((event: Event) => void) | null;
  addEventListener(
    type: 'change',
    listener: ((event: Event) => void) | EventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener(
    type: 'change',
    listener: ((event: Event) => void) | EventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
}

/** Tokens that a conversation takes of the model's context. */
export interface ContextUsage {
  readonly usedTokens: number;
  readonly windowTokens: number;
}

export interface SessionOptions extends CallOptions {
  model: ModelName;
  initialMessages?: readonly ChatMessage[] | undefined;
  /** Sampling of every turn, unless a turn says otherwise. */
  options?: GenerationOptions | undefined;
  /** What every turn is to be computed with. */
  hardware?: Hardware | undefined;
}

export interface PromptOptions extends CallOptions {
  options?: GenerationOptions | undefined;
}

/** A conversation that the extension remembers in memory until it is destroyed or the document goes away. */
export interface Session {
  readonly contextUsage: ContextUsage;
  /** Adds a user message and answers it. An aborted or failed turn leaves the conversation as it was. */
  prompt(input: string, options?: PromptOptions): Promise<GenerationResult>;
  /** Like {@link Session.prompt}, with the answer as it comes. */
  promptStreaming(input: string, options?: PromptOptions): TextStream;
  /** Adds messages without asking for an answer. */
  append(messages: readonly ChatMessage[], options?: { signal?: AbortSignal | undefined }): Promise<void>;
  /** Copies the conversation; the copies go their own ways. */
  clone(options?: { signal?: AbortSignal | undefined }): Promise<Session>;
  /** Forgets the conversation and aborts its running turn. Calling it twice is no error. */
  destroy(): Promise<void>;
}

export interface Capabilities {
  /** Whether the site holds any grant. */
  readonly granted: boolean;
  readonly tasks: readonly TaskName[];
  /** Empty before the site holds a grant, so that it does not tell devices apart. */
  readonly tiers: readonly ('webgpu' | 'wasm')[];
}

/** `window.webplat`: frozen, and the same object for the life of the document. */
export interface Webplat {
  /** Version of this API, not of the extension. */
  readonly version: 1;
  readonly permissions: Permissions;
  readonly models: Models;
  /** What the page may count on. Never prompts. */
  capabilities(): Promise<Capabilities>;
  /** Runs one task to its end. Prompts where no grant covers it and the user is acting. */
  infer(request: InferRequest): Promise<GenerationResult>;
  infer<T extends PerformedTask>(request: TaskRequest<T>): Promise<TaskResult<T>>;
  /** Generates text and hands it out as it comes; no other task streams. Throws at once where an argument is wrong. */
  stream(request: InferRequest): TextStream;
  /** Starts a conversation. */
  session(options: SessionOptions): Promise<Session>;
  /** Raw tensors in, raw tensors out. */
  run(request: RunRequest): Promise<RunResult>;
}

/** Stable machine-readable causes; `docs/page-api.md` says what to do about each. */
export type ErrorCode =
  | 'invalid-request'
  | 'unknown-method'
  | 'origin-refused'
  | 'activation-required'
  | 'permission-denied'
  | 'permission-dismissed'
  | 'permission-revoked'
  | 'permission-expired'
  | 'unknown-model'
  | 'model-unsupported'
  | 'model-corrupt'
  | 'context-overflow'
  | 'limit-concurrency'
  | 'limit-rate'
  | 'limit-tokens'
  | 'limit-compute'
  | 'limit-memory'
  | 'out-of-memory'
  | 'download-refused'
  | 'download-failed'
  | 'storage-full'
  | 'files-refused'
  | 'busy'
  | 'aborted'
  | 'stopped'
  | 'session-ended'
  | 'chat-unknown'
  | 'tensor-unknown'
  | 'disconnected'
  | 'suspended'
  | 'device-lost'
  | 'engine-failed'
  | 'no-backend'
  | 'internal';

/** Figures that belong to an error. */
export interface ErrorData {
  readonly requested?: number | undefined;
  readonly quota?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly field?: string | undefined;
  readonly reason?: string | undefined;
}

/** What promises of this API reject with: an Error whose `name` is a DOMException's or `TypeError`. */
export interface WebplatError extends Error {
  readonly code: ErrorCode;
  readonly data: ErrorData;
  /** Whether the same call may succeed later although the page changed nothing. */
  readonly retryable: boolean;
}

/** `detail` of the `webplat:announce` event. */
export interface WebplatAnnouncement {
  readonly info: { readonly uuid: string; readonly name: 'webplat'; readonly rdns: 'org.webplat' };
  readonly provider: Webplat;
}

declare global {
  interface Window {
    /** Absent where the extension is not installed or the document is not a secure HTML document. */
    readonly webplat?: Webplat;
  }
  interface WindowEventMap {
    'webplat:announce': CustomEvent<WebplatAnnouncement>;
    'webplat:request': Event;
  }
}
