import type { DataHandlers } from '../data/serve-port.ts';
import type { Session } from '../sessions/session.ts';
import { appendChat, cloneChat, createChat, destroyChat, promptChat } from './chat.ts';
import type { Services } from './execute.ts';
import { generate } from './generate.ts';
import { holdModel, releaseModel } from './hold-model.ts';
import { perform } from './perform.ts';
import { readTensor, runTensors } from './run-tensors.ts';

/** The data methods, bound to one session: what a page calls can only ever act on its own. */
export function createDataHandlers(services: Services, session: Session): DataHandlers {
  return {
    infer: async ({ model, input, options = {}, hardware }, call) => ({
      value: await generate(services, session, { model, input, options, hardware }, { ...call, text: () => {} }),
    }),
    stream: async ({ model, input, options = {}, hardware }, call) => ({
      value: await generate(services, session, { model, input, options, hardware }, call),
    }),
    perform: (params, call) => perform(services, session, params, call),
    run: (params, call) => runTensors(services, session, params, call),
    'tensor.read': async ({ kept }) => readTensor(services, session, kept),
    'tensor.release': async ({ kept }) => {
      session.kept.release(kept);
      return { value: {} };
    },
    'models.load': (params, call) => holdModel(services, session, params, call),
    'models.release': async ({ model }) => releaseModel(session, model),
    'chat.create': (params, call) => createChat(services, session, params, call),
    'chat.prompt': (params, call) => promptChat(services, session, params, call),
    'chat.append': (params, call) => appendChat(services, session, params, call),
    'chat.clone': ({ chat }, call) => cloneChat(services, session, chat, call),
    'chat.destroy': async ({ chat }) => destroyChat(session, chat),
  };
}
