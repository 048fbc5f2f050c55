import type { Target } from './targets.ts';

/** One line that some context of the browser logged, or an exception that nobody caught. */
export interface LogLine {
  readonly level: 'info' | 'warning' | 'error';
  /** Type of the context and its URL without the query. */
  readonly context: string;
  readonly text: string;
}

/** Lines of every context. What a test expects to go wrong is announced; the rest has to stay quiet. */
export interface Logs {
  watch(target: Target): void;
  lines(): readonly LogLine[];
  /** Errors that match are part of the test. */
  expectError(pattern: RegExp): void;
  /** Errors that no test announced. */
  unexpected(): readonly LogLine[];
  /** Forgets all lines and what was expected. */
  clear(): void;
}

interface RemoteObject {
  readonly type: string;
  readonly value?: unknown;
  readonly description?: string;
  readonly preview?: { readonly properties: readonly { readonly name: string; readonly value?: string }[] };
}

const LEVELS: Readonly<Record<string, LogLine['level']>> = { error: 'error', assert: 'error', warning: 'warning' };

export function createLogs(): Logs {
  const lines: LogLine[] = [];
  const expected: RegExp[] = [];
  return {
    lines: () => lines,
    clear() {
      lines.length = 0;
      expected.length = 0;
    },
    expectError: (pattern) => void expected.push(pattern),
    unexpected: () =>
      lines.filter(({ level, text }) => level === 'error' && !expected.some((pattern) => pattern.test(text))),
    watch(target) {
      const { type, channel } = target;
      const add = (level: LogLine['level'], text: string, url?: string) =>
        lines.push({ level, context: `${type} ${(url || target.url).split('?')[0]}`, text });
      channel.on('Runtime.consoleAPICalled', ({ type: kind, args }) =>
        add(LEVELS[String(kind)] ?? 'info', (args as RemoteObject[]).map(textOf).join(' ')),
      );
      channel.on('Runtime.exceptionThrown', ({ exceptionDetails }) => {
        const { text, exception, url } = exceptionDetails as { text: string; exception?: RemoteObject; url?: string };
        add('error', `${text} ${exception ? textOf(exception) : ''}`, url);
      });
      channel.on('Log.entryAdded', ({ entry }) => {
        const { level, text, url } = entry as { level: string; text: string; url?: string };
        add(LEVELS[level] ?? 'info', url ? `${text} (${url})` : text);
      });
      for (const domain of ['Runtime', 'Log']) channel.send(`${domain}.enable`).catch(() => {});
    },
  };
}

function textOf({ type, value, description, preview }: RemoteObject): string {
  if (type !== 'object' || description?.includes('\n')) return description ?? String(value);
  if (!preview) return description ?? JSON.stringify(value);
  return `{${preview.properties.map((property) => `${property.name}: ${property.value}`).join(', ')}}`;
}
