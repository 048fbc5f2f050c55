/** Where diagnostic lines go. Messages and fields carry counters and codes, never prompts, inputs or outputs. */
export interface Logger {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** A logger that prefixes every line with the context it runs in, e.g. `[webplat host]`. */
export function createLogger(context: string): Logger {
  const prefix = `[webplat ${context}]`;
  return {
    info: (message, fields = {}) => console.info(prefix, message, fields),
    warn: (message, fields = {}) => console.warn(prefix, message, fields),
    error: (message, fields = {}) => console.error(prefix, message, fields),
  };
}
