/**
 * Every failure that a page can see: the DOMException-like name, whether the same call may succeed later without the
 * page changing anything, and what to do. The table is the documentation (`docs/protocol.md` is generated from it).
 */
export const ERRORS = {
  'invalid-request': { name: 'TypeError', retryable: false, remedy: 'Correct the argument that the message names.' },
  'unknown-method': { name: 'NotSupportedError', retryable: false, remedy: 'Check webplat.version and the API page.' },
  'origin-refused': {
    name: 'SecurityError',
    retryable: false,
    remedy: 'Call from a document of an https or loopback origin that is neither sandboxed nor in a private window.',
  },
  'activation-required': {
    name: 'NotAllowedError',
    retryable: true,
    remedy: 'Ask from a click or key press: permission prompts need user activation.',
  },
  'permission-denied': {
    name: 'NotAllowedError',
    retryable: false,
    remedy: 'The user said no. Ask again only when they chose to, after the cool-down.',
  },
  'permission-dismissed': {
    name: 'NotAllowedError',
    retryable: true,
    remedy: 'The prompt was closed without an answer. Ask again when the user acts again.',
  },
  'permission-revoked': {
    name: 'NotAllowedError',
    retryable: false,
    remedy: 'The permission was withdrawn. Call webplat.permissions.request() when the user wants to go on.',
  },
  'permission-expired': {
    name: 'NotAllowedError',
    retryable: true,
    remedy: 'The permission ran out. Call again from a click to ask for a new one.',
  },
  'unknown-model': {
    name: 'NotFoundError',
    retryable: false,
    remedy: 'Use a name that webplat.models.list() returns.',
  },
  'model-unsupported': {
    name: 'NotSupportedError',
    retryable: false,
    remedy: 'Use another model or task; data.reason says what is missing.',
  },
  'model-corrupt': {
    name: 'DataError',
    retryable: false,
    remedy: 'The model files are damaged. Load or install the model again.',
  },
  'context-overflow': {
    name: 'QuotaExceededError',
    retryable: false,
    remedy: 'Shorten the input: data.requested tokens do not fit into data.quota.',
  },
  'limit-concurrency': { name: 'QuotaExceededError', retryable: true, remedy: 'Wait for a running request to end.' },
  'limit-rate': { name: 'QuotaExceededError', retryable: true, remedy: 'Wait data.retryAfterMs and call again.' },
  'limit-tokens': { name: 'QuotaExceededError', retryable: false, remedy: 'Ask for at most data.quota new tokens.' },
  'limit-compute': {
    name: 'QuotaExceededError',
    retryable: true,
    remedy: "The day's compute time is used up; wait data.retryAfterMs or ask the user for more.",
  },
  'limit-memory': {
    name: 'QuotaExceededError',
    retryable: false,
    remedy: 'Use a smaller model or release what is held: data.requested bytes do not fit into data.quota.',
  },
  'out-of-memory': {
    name: 'QuotaExceededError',
    retryable: true,
    remedy: 'The memory set aside for models is in use. Try again later or use a smaller model.',
  },
  'download-refused': {
    name: 'NotAllowedError',
    retryable: false,
    remedy:
      'The settings or the source do not allow the download; data.reason says why. The user can change that in the manager.',
  },
  'download-failed': {
    name: 'NetworkError',
    retryable: true,
    remedy:
      'The model could not be downloaded; what has arrived is kept. Try again, after data.retryAfterMs where it is given.',
  },
  'storage-full': {
    name: 'QuotaExceededError',
    retryable: true,
    remedy: 'There is no room on disk for the model. Ask the user to remove others in the manager of the extension.',
  },
  'files-refused': {
    name: 'DataError',
    retryable: false,
    remedy:
      'The files cannot be taken in or handed out as a model; data.reason says why. Only the manager of the extension does that, never a page.',
  },
  busy: { name: 'OperationError', retryable: true, remedy: 'Too much is waiting. Try again after data.retryAfterMs.' },
  aborted: { name: 'AbortError', retryable: true, remedy: 'The request was aborted by its caller.' },
  stopped: { name: 'AbortError', retryable: true, remedy: 'The user stopped it.' },
  'session-ended': { name: 'InvalidStateError', retryable: true, remedy: 'Call again: a new session opens by itself.' },
  'chat-unknown': { name: 'InvalidStateError', retryable: false, remedy: 'Create a new chat with webplat.session().' },
  'tensor-unknown': {
    name: 'InvalidStateError',
    retryable: false,
    remedy: 'It was released, or its session ended: compute it again.',
  },
  disconnected: {
    name: 'NetworkError',
    retryable: true,
    remedy: 'The extension was restarted or updated. Call again; reload the page if it persists.',
  },
  suspended: {
    name: 'InvalidStateError',
    retryable: true,
    remedy: 'The document went into the background cache. Call again when it is shown.',
  },
  'device-lost': {
    name: 'OperationError',
    retryable: true,
    remedy: 'The graphics device was reset. Call again: the model loads anew.',
  },
  'engine-failed': {
    name: 'OperationError',
    retryable: true,
    remedy: 'The model stopped unexpectedly. Call again: it loads anew.',
  },
  'no-backend': {
    name: 'NotSupportedError',
    retryable: false,
    remedy: 'Nothing here runs the model as it is asked for; data.reason says why, for each way.',
  },
  internal: {
    name: 'OperationError',
    retryable: true,
    remedy: 'An unexpected fault in webplat. Try again, and report it if it persists.',
  },
} as const satisfies Record<string, { name: string; retryable: boolean; remedy: string }>;

export type ErrorCode = keyof typeof ERRORS;
