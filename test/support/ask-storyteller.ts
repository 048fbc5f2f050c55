import { readFile } from 'node:fs/promises';
import type { Lab } from '../../offscreen/lab/lab.ts';
import type { Settings } from '../../src/protocol/settings.ts';

export interface Question {
  readonly prompt: string;
  readonly answer: string;
}

/** The first questions that the packaged model is evaluated with, and the answers that it gives. */
export async function readQuestions(count: number): Promise<readonly Question[]> {
  const lines = (await readFile('models/storyteller/eval/sentiment.jsonl', 'utf8')).split('\n').slice(0, count);
  return lines.map((line) => JSON.parse(line) as Question);
}

/** Runs in the lab's page: streams one answer of the packaged model and tells where it was computed. */
export async function askStoryteller({ backend, input }: { backend: Settings['backend']; input: string }) {
  const lab: Lab = await (globalThis as unknown as { webplatLab: Promise<Lab> }).webplatLab;
  await lab.configure({ backend });
  const pieces: string[] = [];
  const result = await lab.stream(
    { model: 'packaged:storyteller', task: 'text-generation', input, options: { maxNewTokens: 48 } },
    { onText: (text) => pieces.push(text) },
  );
  const status = await lab.status();
  const resident = status.residents.find(({ backend: used }) => used === result.execution.backend);
  return {
    ...result,
    pieces,
    isolated: crossOriginIsolated,
    extension: 'chrome' in globalThis && 'runtime' in (globalThis as unknown as { chrome: object }).chrome,
    tier: resident?.tier,
    placements: resident?.placements ?? [],
  };
}
