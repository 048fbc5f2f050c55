import loadRuntime from './ort-wasm-simd-threaded.jspi.mjs';

/**
 * The runtime's loader, with two things added. The first: options of the WebGPU provider that its JavaScript does not know are set on a
 * session before the provider is appended, which is the only moment at which they count. They are taken from
 * `globalThis.webplatProviderOptions`. The second: a session that failed on WebNN leaves its context behind, and the next one would
 * be taken for one of WebNN too; it is forgotten when the options of the next one are made. Lies beside the runtime's own files in
 * the package.
 */
export default async function load(settings) {
  const runtime = await loadRuntime(settings);
  const append = runtime._OrtAppendExecutionProvider;
  runtime._OrtAppendExecutionProvider = (options, ...rest) => {
    for (const [key, value] of Object.entries(globalThis.webplatProviderOptions ?? {})) {
      setEntry(runtime, options, `ep.webgpuexecutionprovider.${key}`, value);
    }
    return append(options, ...rest);
  };
  const create = runtime._OrtCreateSessionOptions;
  runtime._OrtCreateSessionOptions = (...given) => {
    runtime.currentContext = undefined;
    return create(...given);
  };
  return runtime;
}

function setEntry(runtime, options, key, value) {
  const [name, text] = [key, value].map((entry) => {
    const bytes = runtime.lengthBytesUTF8(entry) + 1;
    const at = runtime._malloc(bytes);
    runtime.stringToUTF8(entry, at, bytes);
    return at;
  });
  const failed = runtime._OrtAddSessionConfigEntry(options, name, text);
  runtime._free(name);
  runtime._free(text);
  if (failed) throw new Error(`The runtime does not take ${key}.`);
}
