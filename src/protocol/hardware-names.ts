/** What computes, in the order in which it is tried where nobody says otherwise; in a file of its own, because the script in pages needs no more than the names. */
export const BACKENDS = ['webgpu', 'wasm', 'webnn'] as const;
export type BackendName = (typeof BACKENDS)[number];

/** Names of ways to store a model: floats of 32 or 16 bits, or linear layers in blocks of 8 or 4 bits. */
export const PRECISIONS = ['fp32', 'fp16', 'q8', 'q4'] as const;
export type Precision = (typeof PRECISIONS)[number];
