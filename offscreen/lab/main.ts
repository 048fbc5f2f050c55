import { WebplatError } from '../../src/protocol/errors.ts';
import type { Settings } from '../../src/protocol/settings.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { createLab, type Lab } from './lab.ts';

declare global {
  /** The lab of this page, for whoever drives it: a person at the console, or an automated comparison of browsers. */
  var webplatLab: Promise<Lab>;
}

function find<T extends Element>(id: string, kind: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`The page has no ${kind.name} #${id}.`);
  return element;
}

const ask = find('ask', HTMLFormElement);
const promptField = find('prompt', HTMLTextAreaElement);
const modelField = find('model', HTMLSelectElement);
const backendField = find('backend', HTMLSelectElement);
const stopButton = find('stop', HTMLButtonElement);
const textOutput = find('text', HTMLOutputElement);
const statusOutput = find('status', HTMLPreElement);

// The page lies two folders below the packaged files.
globalThis.webplatLab = createLab(new URL('../../', location.href), createLogger('lab'), {
  inSequence: new URLSearchParams(location.search).has('in-sequence'),
});

async function generate(lab: Lab): Promise<void> {
  const controller = new AbortController();
  stopButton.disabled = false;
  stopButton.onclick = () => controller.abort();
  textOutput.value = '';
  try {
    await lab.configure({ backend: backendField.value as Settings['backend'] });
    const result = await lab.stream(
      {
        model: modelField.value,
        task: 'text-generation',
        input: [{ role: 'user', content: promptField.value }],
        options: { maxNewTokens: 200 },
      },
      {
        signal: controller.signal,
        onText: (text) => textOutput.append(text),
        onProgress: ({ phase, fraction }) => {
          statusOutput.textContent = `${phase} ${Math.round(fraction * 100)} %`;
        },
      },
    );
    statusOutput.textContent = JSON.stringify(
      { ...result.execution, residents: (await lab.status()).residents },
      null,
      2,
    );
  } catch (error) {
    statusOutput.textContent = error instanceof WebplatError ? `${error.code}: ${error.message}` : String(error);
  } finally {
    stopButton.disabled = true;
  }
}

const lab = await globalThis.webplatLab;
for (const { name, title } of await lab.models()) modelField.add(new Option(title, name));
ask.addEventListener('submit', (event) => {
  event.preventDefault();
  void generate(lab);
});
