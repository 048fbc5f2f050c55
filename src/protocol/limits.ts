/**
 * Ceilings that every message obeys before anything is allocated for it. They bound what one page can make the
 * trusted side hold; they are not quotas (those are caveats of a grant).
 */
export const LIMITS = {
  /** Characters of one prompt or chat message. */
  textChars: 262_144,
  /** Messages of one conversation. */
  chatMessages: 256,
  /** Characters of the name of a model's component. */
  componentChars: 32,
  familyChars: 64,
  /** Characters of what names a graph of a model: a component, or a file. */
  graphChars: 128,
  /** Characters of a model name. */
  modelNameChars: 256,
  /** Files of one model. */
  modelFiles: 4096,
  /** Jobs on files that run, wait or are shown when they have ended. */
  jobs: 64,
  /** Model names or tasks that one permission request may list. */
  listedNames: 16,
  /** Characters of the reason that a site gives for asking. */
  reasonChars: 200,
  /** Stop strings of one request, and characters of each. */
  stopStrings: 16,
  stopStringChars: 128,
  /** Tensors of one `run` request, dimensions of each, and bytes of all together. */
  tensors: 256,
  tensorRank: 8,
  tensorBytes: 64 * 1024 * 1024,
  /** Outputs that a document keeps for later runs, and bytes of all together. */
  keptTensors: 256,
  keptBytes: 256 * 1024 * 1024,
  /** Bytes of one encoded picture, sound or video. */
  mediaBytes: 128 * 1024 * 1024,
  /** Bytes of all files, pixels and samples of one request. */
  inputBytes: 512 * 1024 * 1024,
  /** Pictures of one request, pixels of each, and of its longer edge. */
  pictures: 16,
  picturePixels: 2 ** 26,
  pictureEdge: 65_535,
  /** Frames that a site sends of one video. */
  videoFrames: 64,
  /** Bytes of the samples of one sound over all channels, how many there are, and samples a second. */
  soundBytes: 256 * 1024 * 1024,
  soundChannels: 8,
  soundRate: 768_000,
  /** Labels of one request, and characters of each. */
  labels: 256,
  labelChars: 1024,
  /** Texts of one request, and pieces of one message. */
  texts: 256,
  messageParts: 64,
  /** Texts that beam search follows at once. */
  beams: 8,
  /** New tokens of one request. */
  newTokens: 32_768,
  /** Requests of one document that may be waiting or running. */
  inFlight: 64,
  /** Chunks that may be on their way to a reader that has not asked for more. */
  credit: 256,
  /** Stateful chats of one document. */
  chats: 16,
  /** Objects and array elements of one message, and how deep they may nest. */
  messageNodes: 4096,
  messageDepth: 12,
  /** Bytes of one JSON-encoded message, where the browser has no structured clone between contexts. */
  jsonChars: 48 * 1024 * 1024,
} as const;
