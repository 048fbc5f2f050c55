/** Milliseconds since the epoch; injected wherever policy depends on time, so that tests own it. */
export type Clock = () => number;
