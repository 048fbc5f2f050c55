/** Element types that cross the page boundary, with the bytes of one element. */
export const ELEMENT_BYTES = { float32: 4, int32: 4, uint8: 1, int64: 8 } as const;

/**
 * Buffers from this size on are moved between contexts. Smaller ones are cheaper as part of the message itself: a moved
 * buffer costs its own memory object on both sides.
 */
export const MOVE_FROM_BYTES = 64 * 1024;
