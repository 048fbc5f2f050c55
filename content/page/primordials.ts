/**
 * The built-ins that the page API uses, taken before any script of the site runs. What a site replaces later neither
 * breaks the API for the other scripts of the document nor shows them to it. Everything below follows from that: no
 * method of a prototype is called by name, no `await`, no `for of`, no spread of arrays, no assignment to an index of an
 * ordinary array, and dictionaries without a prototype.
 */
type Fn = (...args: never[]) => unknown;

const { apply } = Reflect;
const bindTo = Function.prototype.bind;

/** `method.call` as a plain function: `uncurry(Set.prototype.has)(set, value)`. */
export function uncurry<This, Args extends unknown[], Result>(
  method: (this: This, ...args: Args) => Result,
): (self: This, ...args: Args) => Result {
  return apply(bindTo, Function.prototype.call, [method]) as (self: This, ...args: Args) => Result;
}

/** The accessor of a prototype as a plain function; it throws for an object of another kind. */
export function getter<Object, Key extends keyof Object>(prototype: Object, key: Key): (self: Object) => Object[Key] {
  const get = Object.getOwnPropertyDescriptor(prototype, key)?.get;
  if (!get) throw new TypeError(`no accessor ${String(key)}`);
  return uncurry(get) as (self: Object) => Object[Key];
}

/** A function that the engine calls straight, so that no frame of ours is below the site's function. */
export const bound: (fn: Fn, self: unknown, ...args: unknown[]) => () => void = uncurry(bindTo as never);

export const { freeze, keys: ownKeys, defineProperty, hasOwn } = Object;
export const { isArray } = Array;
export const { isFinite: isFiniteNumber, isSafeInteger } = Number;
const { toStringTag } = Symbol;
const { iterator } = Symbol;

export const NativePromise = Promise;
export const NativeError = Error;
export const NativeTypeError = TypeError;
export const NativeEventTarget = EventTarget;
export const NativeEvent = Event;
export const NativeCustomEvent = CustomEvent;
export const NativeMessageEvent = MessageEvent;
export const NativeMessageChannel = MessageChannel;
export const NativeReadableStream = ReadableStream;
export const NativeUint8Array = Uint8Array;

export const chain = uncurry(Promise.prototype.then) as (
  promise: Promise<unknown>,
  onOk: undefined,
  onError: () => void,
) => unknown;
export const later: (work: () => void) => void = apply(bindTo, queueMicrotask, [window]);
export const newUuid: () => string = apply(bindTo, crypto.randomUUID, [crypto]);

export const listen = uncurry(EventTarget.prototype.addEventListener);
export const unlisten = uncurry(EventTarget.prototype.removeEventListener);
export const dispatch = uncurry(EventTarget.prototype.dispatchEvent);
export const nativeDispatch: Fn = EventTarget.prototype.dispatchEvent;
export const messageData = getter(MessageEvent.prototype, 'data') as (event: MessageEvent) => unknown;
export const pagePersisted = getter(PageTransitionEvent.prototype, 'persisted');
export const postTo = uncurry(
  MessagePort.prototype.postMessage as (this: MessagePort, message: unknown, transfer?: Transferable[]) => void,
);
export const startPort = uncurry(MessagePort.prototype.start);
export const closePort = uncurry(MessagePort.prototype.close);
export const port1Of = getter(MessageChannel.prototype, 'port1');
export const port2Of = getter(MessageChannel.prototype, 'port2');

export const isAborted = getter(AbortSignal.prototype, 'aborted');
export const abortReason = getter(AbortSignal.prototype, 'reason') as (signal: AbortSignal) => unknown;

export const enqueue = uncurry(ReadableStreamDefaultController.prototype.enqueue);
export const closeStream = uncurry(ReadableStreamDefaultController.prototype.close);
export const errorStream = uncurry(ReadableStreamDefaultController.prototype.error);

const TypedArray = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;
/** `Float32Array` and so on; undefined for anything that is no typed array. */
export const typedArrayName = getter(TypedArray, toStringTag as never) as unknown as (value: unknown) => unknown;
export const arrayLength = getter(TypedArray, 'length');
export const arrayBytes = getter(TypedArray, 'byteLength');
export const arrayBuffer = getter(TypedArray, 'buffer');
export const bufferBytes = getter(ArrayBuffer.prototype, 'byteLength');
export const moveBuffer = uncurry(
  (ArrayBuffer.prototype as ArrayBuffer & { transfer(this: ArrayBuffer): ArrayBuffer }).transfer,
);

/** Arrays on the page's side of a tensor, by element type. */
export const ARRAYS = {
  __proto__: null,
  float32: Float32Array,
  float16: Uint16Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as unknown as {
  float32: Float32ArrayConstructor;
  float16: Uint16ArrayConstructor;
  float64: Float64ArrayConstructor;
  int8: Int8ArrayConstructor;
  uint8: Uint8ArrayConstructor;
  int16: Int16ArrayConstructor;
  uint16: Uint16ArrayConstructor;
  int32: Int32ArrayConstructor;
  uint32: Uint32ArrayConstructor;
  int64: BigInt64ArrayConstructor;
  uint64: BigUint64ArrayConstructor;
  bool: Uint8ArrayConstructor;
};

/** A dictionary that inherits nothing. */
export function dictionary<T>(): Record<string, T> {
  return { __proto__: null } as unknown as Record<string, T>;
}

/** Defines a property without asking any prototype; hidden from enumeration unless said otherwise. */
export function define(target: object, key: PropertyKey, value: unknown, enumerable = false): void {
  const attributes = { __proto__: null, value, enumerable, configurable: true, writable: true } as PropertyDescriptor;
  defineProperty(target, key, attributes);
}

/** Defines a read-only or read-write accessor; the functions are frozen. */
export function accessor(target: object, key: string, get: () => unknown, set?: (value: unknown) => void): void {
  const attributes = { __proto__: null, enumerable: true, get: freeze(get), set: set && freeze(set) };
  defineProperty(target, key, attributes as PropertyDescriptor);
}

/** The members of `from` as non-writable properties of `target`, each frozen. */
export function frozenMembers<T extends object>(from: object, target: T = {} as T): T {
  const names = ownKeys(from);
  for (let at = 0; at < names.length; at++) {
    const name = names[at] as string;
    const value = freeze((from as Record<string, object>)[name]);
    defineProperty(target, name, { __proto__: null, value, enumerable: true } as PropertyDescriptor);
  }
  return target;
}

/** Appends without a setter that a site may have put on `Array.prototype`. */
export function append<T>(list: T[], value: T): void {
  define(list, list.length, value, true);
}

/** A list that native code iterates by our iterator, whatever became of `Array.prototype[Symbol.iterator]`. */
export function sequence<T>(list: T[]): T[] {
  define(list, iterator, () => {
    let at = 0;
    return {
      __proto__: null,
      next: () => {
        const done = at >= list.length;
        return { __proto__: null, done, value: done ? undefined : list[at++] };
      },
    };
  });
  return list;
}

/**
 * Resolving a promise with an object asks it for `then`; an own one, undefined and hidden, keeps `Object.prototype` out.
 */
export function shielded<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !hasOwn(value, 'then')) define(value, 'then', undefined);
  return value;
}

/** Keeps a promise that nobody may look at from being reported as unhandled. */
export function quiet(promise: Promise<unknown>): void {
  // An own `constructor` keeps `then` from asking the prototype for the species.
  define(promise, 'constructor', undefined);
  chain(promise, undefined, () => {});
  delete (promise as { constructor?: unknown }).constructor;
}
