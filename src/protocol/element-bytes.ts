/** Element types that cross the page boundary, with the bytes of one element. */
export const ELEMENT_BYTES = { float32: 4, int32: 4, uint8: 1, int64: 8 } as const;
