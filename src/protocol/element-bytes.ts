/** Element types that cross the page boundary, with the bytes of one element. */
export const ELEMENT_BYTES = {
  float32: 4,
  float16: 2,
  float64: 8,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  bool: 1,
} as const;
export type ElementType = keyof typeof ELEMENT_BYTES;

/**
 * Buffers from this size on are moved between contexts. Smaller ones are cheaper as part of the message itself: a moved
 * buffer costs its own memory object on both sides.
 */
export const MOVE_FROM_BYTES = 64 * 1024;
