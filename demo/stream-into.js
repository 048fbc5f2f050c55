/** What both sites of the demo share: one request to webplat, shown as it comes. Everything a site needs is here. */

const find = (id) => document.querySelector(`#${id}`);

/** Streams the answer to `request` into `#text`. Called from a click, so that the first call may ask the user. */
export async function streamInto(request) {
  const webplat = window.webplat;
  if (!webplat) return say('webplat is not installed in this browser.');
  const stop = new AbortController();
  find('stop').onclick = () => stop.abort();
  setBusy(true);
  find('text').replaceChildren();
  delete document.documentElement.dataset.result;
  try {
    const stream = webplat.stream({ ...request, signal: stop.signal, onProgress: showProgress });
    const seen = { firstAt: 0, lastAt: 0 };
    for await (const { text } of stream) {
      seen.firstAt ||= Date.now();
      seen.lastAt = Date.now();
      showProgress({ fraction: 1 });
      find('text').append(text);
    }
    finish(await stream.result, seen);
  } catch (error) {
    if (!stop.signal.aborted) say(error.message);
    document.documentElement.dataset.error = error.code ?? error.name;
  } finally {
    setBusy(false);
  }
}

function showProgress({ fraction }) {
  find('progress').hidden = fraction >= 1;
  find('progress').value = fraction;
}

function finish({ text, execution }, seen) {
  const seconds = (execution.totalMs - execution.firstTokenMs) / 1000;
  const tokensPerSecond = seconds > 0 ? (execution.outputTokens - 1) / seconds : 0;
  const where = execution.backend === 'REAL_WEBGPU' ? `WebGPU, ${execution.adapter}` : 'WebAssembly';
  say(
    `${Math.round(execution.firstTokenMs)} ms to the first token · ${tokensPerSecond.toFixed(1)} tokens/s · ${where}`,
  );
  const { firstTokenMs, backend, adapter } = execution;
  const result = { origin: location.origin, firstTokenMs, tokensPerSecond, text, backend, adapter, ...seen };
  document.documentElement.dataset.result = JSON.stringify(result);
}

function say(words) {
  find('facts').textContent = words;
}

function setBusy(busy) {
  find('go').disabled = busy;
  find('stop').hidden = !busy;
  find('progress').hidden = true;
  if (busy) say('Asking webplat …');
}
