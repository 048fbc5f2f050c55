import type { Method, ParamsOf, ResultOf } from '../protocol/define.ts';
import { WebplatError } from '../protocol/errors.ts';
import { hostHello } from '../protocol/host/host-hello.ts';
import { callOneShot, type SendOneShot } from '../protocol/message.ts';
import type { Environment } from './environment.ts';

/** What a host answers when it is greeted. */
export type HostGreeting = ResultOf<typeof hostHello>;

/** The background's line to the host: greets it before the first call of each background life. */
export interface HostLink {
  /** Makes sure that a host runs and was greeted. Overlapping calls share one attempt. */
  ready(): Promise<void>;
  /** Calls a host that is or was ready; rejects with `disconnected` when it has gone. */
  call<M extends Method>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>>;
  /** Calls the host if one runs; starts none. Undefined when none does. */
  callIfRunning<M extends Method>(method: M, params: ParamsOf<M>): Promise<ResultOf<M> | undefined>;
  /** Calls the host, starting it where needed, and once more when it vanished meanwhile. */
  callStarting<M extends Method>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>>;
}

export interface HostLinkOptions extends Pick<Environment, 'host' | 'later' | 'logger'> {
  /** What a host is told first. */
  readonly greeting: () => Promise<ParamsOf<typeof hostHello>>;
  /** Called with every greeting, before anything else is asked of the host. */
  readonly onGreeting: (greeting: HostGreeting) => Promise<void>;
}

const HELLO_ATTEMPTS = 100;
const HELLO_RETRY_MS = 100;

export function createHostLink({ host, later, logger, greeting: greetingOf, onGreeting }: HostLinkOptions): HostLink {
  let greeting: Promise<void> | undefined;

  const send: SendOneShot = async (request) => {
    try {
      return await host.send(request);
    } catch {
      throw new WebplatError('disconnected');
    }
  };

  /** A document that another background life began to make may not listen yet. */
  async function hello(): Promise<HostGreeting> {
    const params = await greetingOf();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await callOneShot(send, hostHello, params);
      } catch (error) {
        if (!isDisconnected(error) || attempt === HELLO_ATTEMPTS) throw error;
        await new Promise<void>((resolve) => later(resolve, HELLO_RETRY_MS));
      }
    }
  }

  async function greet(): Promise<void> {
    await host.ensure();
    await onGreeting(await hello());
  }

  function ready(): Promise<void> {
    greeting ??= greet().catch((error: unknown) => {
      greeting = undefined;
      logger.error('the host could not be started', { error: String(error) });
      throw error instanceof WebplatError ? error : new WebplatError('internal');
    });
    return greeting;
  }

  const link: HostLink = {
    ready,
    async call(method, params) {
      try {
        return await callOneShot(send, method, params);
      } catch (error) {
        if (isDisconnected(error)) greeting = undefined;
        throw error;
      }
    },
    async callIfRunning(method, params) {
      if (!(await host.exists())) {
        greeting = undefined;
        return undefined;
      }
      try {
        await ready();
        return await link.call(method, params);
      } catch (error) {
        if (isDisconnected(error)) return undefined;
        throw error;
      }
    },
    async callStarting(method, params) {
      await ready();
      try {
        return await link.call(method, params);
      } catch (error) {
        if (!isDisconnected(error)) throw error;
        await ready();
        return link.call(method, params);
      }
    },
  };
  return link;
}

/** Whether a call failed because there is no host any more. */
export function isDisconnected(error: unknown): boolean {
  return error instanceof WebplatError && error.code === 'disconnected';
}
