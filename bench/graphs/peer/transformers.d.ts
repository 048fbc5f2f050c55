/** The little of transformers.js that the bench calls: the package is installed only when the bench runs. */
declare module '@huggingface/transformers' {
  export class Tensor {
    constructor(type: string, data: BigInt64Array | Float32Array, dims: readonly number[]);
    readonly data: Float32Array;
  }
  export const PreTrainedModel: {
    from_pretrained(
      name: string,
      options: { readonly device: string; readonly dtype: string; readonly progress_callback?: undefined },
    ): Promise<(feeds: Readonly<Record<string, Tensor>>) => Promise<Readonly<Record<string, Tensor>>>>;
  };
  export const env: {
    allowLocalModels: boolean;
    remoteHost: string;
    remotePathTemplate: string;
    useBrowserCache: boolean;
    useWasmCache: boolean;
    readonly backends: {
      readonly onnx: { readonly wasm: { wasmPaths: { mjs: string; wasm: string }; numThreads: number } };
    };
  };
}
