import type { ErrorCode as ProtocolErrorCode } from '../src/protocol/error-table.ts';
import type {
  Execution,
  GenerationOptions as ProtocolGenerationOptions,
  GenerationResult as ProtocolGenerationResult,
  LoadProgress as ProtocolLoadProgress,
  TextChunk as ProtocolTextChunk,
} from '../src/protocol/generation.ts';
import type {
  Caveat as ProtocolCaveat,
  PublicGrant as ProtocolGrant,
  PermissionRequest as ProtocolPermissionRequest,
} from '../src/protocol/grant.ts';
import type { ModelCard as ProtocolModelCard } from '../src/protocol/model.ts';
import type { TaskName as ProtocolTaskName } from '../src/protocol/scalars.ts';
import type {
  PerformedTask as ProtocolPerformedTask,
  TaskOptions as ProtocolTaskOptions,
  TaskOutput as ProtocolTaskOutput,
} from '../src/protocol/tasks/tasks.ts';
import type { createProvider } from './page/provider.ts';
import type {
  Caveat,
  ErrorCode,
  FloatTensor,
  GenerationOptions,
  GenerationResult,
  LoadProgress,
  ModelCard,
  PerformedTask,
  PermissionRequest,
  PublicGrant,
  Session,
  TaskName,
  TaskOptions,
  TaskOutput,
  TaskResult,
  TextChunk,
  TextStream,
  Webplat,
  WebplatAnnouncement,
} from './webplat.d.ts';

/** Compiles only where `value` has type `T`. */
declare function expectType<T>(value: T): void;
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function hold<T extends true>(): T;
declare const webplat: Webplat;
declare const anything: never;

// What the page API makes is what is promised.
expectType<Webplat>(anything as ReturnType<typeof createProvider>);
expectType<Webplat | undefined>(window.webplat);

// What is promised is what the protocol carries, both ways.
hold<Same<ErrorCode, ProtocolErrorCode>>();
hold<Same<keyof GenerationOptions, keyof ProtocolGenerationOptions>>();
hold<Same<keyof GenerationResult, keyof ProtocolGenerationResult>>();
hold<Same<keyof GenerationResult['execution'], keyof Execution>>();
hold<Same<keyof PermissionRequest, keyof ProtocolPermissionRequest>>();
hold<Same<keyof NonNullable<PermissionRequest['limits']>, keyof NonNullable<ProtocolPermissionRequest['limits']>>>();
expectType<GenerationResult>(anything as ProtocolGenerationResult);
expectType<LoadProgress>(anything as ProtocolLoadProgress);
expectType<TextChunk>(anything as ProtocolTextChunk);
expectType<Caveat>(anything as ProtocolCaveat);
hold<Same<keyof PublicGrant, keyof ProtocolGrant>>();
expectType<ModelCard>(anything as ProtocolModelCard);

hold<Same<TaskName, ProtocolTaskName>>();
hold<Same<PerformedTask, ProtocolPerformedTask>>();

/** Tensors arrive as buffers and are handed on as typed arrays; everything else is handed on as it came. */
type FromWire<T> = T extends { dtype: 'float32' } ? FloatTensor : T;
/** The tasks whose options or output are not what the protocol carries. */
type Differing = {
  [T in PerformedTask]: FromWire<ProtocolTaskOutput<T>> extends TaskOutput<T>
    ? Required<ProtocolTaskOptions<T>> extends Required<TaskOptions<T>>
      ? Exclude<keyof ProtocolTaskOptions<T>, keyof TaskOptions<T>> extends never
        ? never
        : T
      : T
    : T;
}[PerformedTask];
hold<Same<Differing, never>>();

export async function uses(): Promise<void> {
  expectType<1>(webplat.version);
  const request = { model: 'packaged:echo', task: 'text-generation', input: 'hi' } as const;
  expectType<string>((await webplat.infer({ ...request, options: { temperature: 0.5, stop: ['.'] } })).text);
  await webplat.infer({ ...request, input: [{ role: 'user', content: 'hi' }], signal: AbortSignal.timeout(1) });
  for await (const chunk of webplat.stream(request)) expectType<string>(chunk.text);
  const stream: TextStream = webplat.stream(request);
  expectType<ReadableStream<TextChunk>>(stream);
  expectType<GenerationResult>(await stream.result);

  const session: Session = await webplat.session({ model: 'packaged:echo' });
  expectType<string>((await session.prompt('hi')).text);
  expectType<number>(session.contextUsage.usedTokens);
  expectType<Session>(await session.clone());

  const { outputs } = await webplat.run({
    model: 'packaged:echo',
    inputs: { x: { dtype: 'float32', dims: [1], data: new Float32Array(1) } },
  });
  const { y } = outputs;
  if (y?.dtype === 'int64') expectType<BigInt64Array>(y.data);

  const labels = ['a cat', 'a dog'];
  const shown = await webplat.infer({
    model: 'a:b',
    task: 'image-classification',
    input: new Image(),
    options: { topK: 3 },
  });
  expectType<TaskResult<'image-classification'>>(shown);
  for (const { label, score } of shown.output) expectType<[string, number]>([label, score]);
  expectType<number>(shown.execution.totalMs);
  const samples = { samples: new Float32Array(8), rate: 16_000 };
  const heard = await webplat.infer({ model: 'a:b', task: 'automatic-speech-recognition', input: samples });
  expectType<string>(heard.output.text);
  const width = await webplat.infer({
    model: 'a:b',
    task: 'feature-extraction',
    input: labels,
    options: { pooling: 'mean' },
  });
  expectType<Float32Array>(width.output.data);
  await webplat.infer({
    model: 'a:b',
    task: 'image-text-to-text',
    input: [
      {
        role: 'user',
        content: [
          { type: 'image', image: new Blob() },
          { type: 'text', text: 'What is this?' },
        ],
      },
    ],
    options: { maxNewTokens: 8 },
  });
  const video = [new OffscreenCanvas(1, 1), 'frame.png'];
  await webplat.infer({ model: 'a:b', task: 'zero-shot-video-classification', input: { video, labels } });

  const handle = await webplat.models.load(
    { model: 'a:b' },
    { monitor: ({ fraction }) => expectType<number>(fraction) },
  );
  await handle.release();
  webplat.permissions.onchange = (event) => expectType<Event>(event);
  webplat.permissions.addEventListener('change', () => {}, { once: true });
  expectType<readonly PublicGrant[]>(await webplat.permissions.request({ models: ['packaged:echo'] }));
  window.addEventListener('webplat:announce', ({ detail }) => expectType<WebplatAnnouncement>(detail));
}

export function mistakes(): void {
  // @ts-expect-error A model has to be named.
  webplat.infer({ task: 'text-generation', input: 'hi' });
  // @ts-expect-error There is no such task.
  webplat.infer({ model: 'a:b', task: 'telepathy', input: 'hi' });
  // @ts-expect-error Input is text or messages.
  webplat.infer({ model: 'a:b', task: 'text-generation', input: 7 });
  // @ts-expect-error A misspelt option.
  webplat.infer({ model: 'a:b', task: 'text-generation', input: 'hi', options: { maxTokens: 1 } });
  // @ts-expect-error Labels are missing.
  webplat.infer({ model: 'a:b', task: 'zero-shot-image-classification', input: { image: 'cat.png' } });
  // @ts-expect-error Encoded bytes come as a Blob.
  webplat.infer({ model: 'a:b', task: 'image-classification', input: new Uint8Array(1) });
  // @ts-expect-error Another task's option.
  webplat.infer({ model: 'a:b', task: 'object-detection', input: 'cat.png', options: { topK: 1 } });
  // @ts-expect-error Only text generation streams.
  webplat.stream({ model: 'a:b', task: 'text-classification', input: 'hi' });
  // @ts-expect-error The array has to fit the element type.
  webplat.run({ model: 'a:b', inputs: { x: { dtype: 'int32', dims: [1], data: new Float32Array(1) } } });
  // @ts-expect-error The API is frozen.
  webplat.version = 1;
  // @ts-expect-error Results are read-only.
  webplat.infer({ model: 'a:b', task: 'text-generation', input: '' }).then((result) => (result.text = ''));
  // @ts-expect-error Only `change` fires.
  webplat.permissions.addEventListener('changed', () => {});
  // @ts-expect-error window.webplat may be missing.
  void window.webplat.version;
}
