import { describe, expect, it } from 'vitest';
import { WebplatError } from '../../src/protocol/errors.ts';
import { abortable } from '../../src/shared/abort.ts';
import { makeCall, setUp } from '../../test/support/data-handlers.ts';
import { deferred, type FakeEngineOptions, makeManifest } from '../../test/support/fake-engine.ts';
import { makeCaveats, makeTerms } from '../../test/support/make-terms.ts';
import type { GenerateEvents } from '../engines/engine.ts';
import { createDataHandlers } from './data-handlers.ts';

const ask = { model: 'packaged:m', task: 'text-generation', input: 'hello' } as const;

/** A generation that emits one token and then waits for the test or an abort. */
function makeSlowGenerate() {
  const started = deferred();
  const finish = deferred();
  return {
    started: started.promise,
    finish: finish.resolve,
    generate: async (_request: unknown, events: GenerateEvents) => {
      events.onText({ text: 'one', tokens: 1 });
      events.onCompute(7);
      started.resolve();
      await abortable(finish.promise, events.signal);
      return { text: 'one', finishReason: 'end' as const, inputTokens: 2, outputTokens: 1, computeMs: 7 };
    },
  };
}

describe('inference', () => {
  it('answers with what the model said and where it ran, and reports what it cost', async () => {
    const { handlers, reports, usage, session, services } = setUp();
    const { call } = makeCall();
    const { value } = await handlers.infer(ask, call);
    expect(value).toMatchObject({
      text: 'hello',
      finishReason: 'end',
      execution: { backend: 'REAL_WASM', outputTokens: 1 },
    });
    expect(value.execution.firstTokenMs).toBeLessThanOrEqual(value.execution.totalMs);
    await usage.flush();
    expect(reports).toEqual([{ token: session.token, calls: 1, tokens: 1, computeMs: 5, residentBytes: 0 }]);
    expect(services.pool.residents()).toMatchObject([{ references: 0, active: 0 }]);
    expect(session.site.active).toBe(0);
    expect(session.open.size).toBe(0);
  });

  it('streams text while it runs', async () => {
    const slow = makeSlowGenerate();
    const { handlers } = setUp({ generate: slow.generate });
    const { call, texts } = makeCall();
    const result = handlers.stream(ask, call);
    await slow.started;
    expect(texts).toEqual(['one']);
    slow.finish();
    expect((await result).value.text).toBe('one');
  });

  it('says permission-denied for any model that no grant names, present or not', async () => {
    const { handlers, engine } = setUp();
    for (const model of ['packaged:other', 'packaged:missing']) {
      await expect(handlers.infer({ ...ask, model }, makeCall().call)).rejects.toMatchObject({
        code: 'permission-denied',
      });
    }
    expect(engine.loads).toEqual([]);
  });

  it('refuses a grant that ran out, at use', async () => {
    const { handlers } = setUp({}, makeTerms({ grants: [makeCaveats({ expiry: 1_000_000 })] }));
    await expect(handlers.infer(ask, makeCall().call)).rejects.toMatchObject({ code: 'permission-expired' });
  });

  it('refuses a model of another architecture than a request wants, before anything is loaded', async () => {
    const { handlers, engine } = setUp();
    for (const family of ['bert', 'llama']) {
      const asked = handlers.infer({ ...ask, hardware: { family } }, makeCall().call);
      if (family === 'llama') await expect(asked).resolves.toMatchObject({ value: { text: 'hello' } });
      else {
        const reason = 'It is of the family llama, not bert.';
        await expect(asked).rejects.toMatchObject({ code: 'model-unsupported', data: { reason } });
        expect(engine.loads).toEqual([]);
      }
    }
  });

  it('refuses an empty list of models and an unpermitted task', async () => {
    for (const caveats of [
      makeCaveats({ models: [] }),
      makeCaveats({ tasks: ['tensors'] }),
      makeCaveats({ tasks: [] }),
    ]) {
      const { handlers } = setUp({}, makeTerms({ grants: [caveats] }));
      await expect(handlers.infer(ask, makeCall().call)).rejects.toMatchObject({ code: 'permission-denied' });
    }
  });

  it('never combines two grants into more than either allows', async () => {
    const { handlers } = setUp(
      {},
      makeTerms({ grants: [makeCaveats({ maxTokens: 5 }), makeCaveats({ models: ['packaged:x'], maxTokens: 100 })] }),
    );
    await expect(handlers.infer({ ...ask, options: { maxNewTokens: 50 } }, makeCall().call)).rejects.toMatchObject({
      code: 'limit-tokens',
      data: { requested: 50, quota: 5 },
    });
  });

  it('tells a known grant that its model is not there', async () => {
    const { handlers } = setUp({}, makeTerms({ grants: [makeCaveats({ models: '*' })] }));
    await expect(handlers.infer({ ...ask, model: 'packaged:none' }, makeCall().call)).rejects.toMatchObject({
      code: 'unknown-model',
    });
  });

  it('counts the memory of all documents of the site', async () => {
    const { handlers, models, sessions, services } = setUp(
      {},
      makeTerms({ grants: [makeCaveats({ models: '*', maxMemoryBytes: 200 })] }),
    );
    models.set('packaged:n', makeManifest('packaged:n'));
    const other = makeTerms({ grants: [makeCaveats({ models: '*' })] });
    sessions.start(other);
    const sibling = sessions.get(other.token);
    if (!sibling) throw new Error('the session was just started');
    await createDataHandlers(services, sibling)['models.load']({ model: 'packaged:n' }, makeCall().call);
    await expect(handlers.infer(ask, makeCall().call)).rejects.toMatchObject({
      code: 'limit-memory',
      data: { requested: 220, quota: 200 },
    });
    createDataHandlers(services, sibling)['models.release']({ model: 'packaged:n' }, makeCall().call);
    await handlers.infer(ask, makeCall().call);
  });

  it('ends a request whose device time passes the day’s allowance, and the next ones', async () => {
    const slow = makeSlowGenerate();
    const { handlers } = setUp(
      { generate: slow.generate },
      makeTerms({ grants: [makeCaveats({ maxComputeMsPerDay: 7 })] }),
    );
    await expect(handlers.stream(ask, makeCall().call)).rejects.toMatchObject({ code: 'limit-compute' });
    await expect(handlers.stream(ask, makeCall().call)).rejects.toMatchObject({ code: 'limit-compute' });
  });

  it('gives everything back when a request is aborted, and still meters it', async () => {
    const slow = makeSlowGenerate();
    const { handlers, session, services, usage, reports } = setUp({ generate: slow.generate });
    const { call, abort } = makeCall();
    const result = handlers.stream(ask, call);
    await slow.started;
    abort();
    await expect(result).rejects.toMatchObject({ code: 'aborted' });
    expect(session.open.size).toBe(0);
    expect(session.site.active).toBe(0);
    expect(services.pool.residents()).toMatchObject([{ references: 0, active: 0 }]);
    await usage.flush();
    expect(reports).toMatchObject([{ tokens: 1, computeMs: 7 }]);
  });
});

describe('tasks', () => {
  const classify = { model: 'packaged:m', task: 'text-classification', input: 'hello' } as const;
  const terms = (maxTokens: number) => makeTerms({ grants: [makeCaveats({ tasks: '*', maxTokens })] });
  const card = makeManifest('packaged:m').card;
  const tasks = makeManifest('packaged:m', {
    card: { ...card, tasks: ['text-classification', 'image-classification'] },
  });

  it('answer with the output and where it ran', async () => {
    const output = [{ label: 'a', score: 1 }];
    const { handlers, models } = setUp({ perform: async () => output as never }, terms(5));
    models.set('packaged:m', tasks);
    const { value } = await handlers.perform(classify, makeCall().call);
    expect(value).toMatchObject({ task: 'text-classification', output, execution: { backend: 'REAL_WASM' } });
  });

  it('end when they write more than the grant allows, and what was written is metered', async () => {
    const controller = makeCall();
    const perform: NonNullable<FakeEngineOptions['perform']> = async (_request, { onTokens, signal }) => {
      for (let token = 0; token < 7; token += 1) onTokens(1);
      signal.throwIfAborted();
      return [] as never;
    };
    const { handlers, models, session } = setUp({ perform }, terms(5));
    models.set('packaged:m', tasks);
    await expect(handlers.perform(classify, controller.call)).rejects.toMatchObject({
      code: 'limit-tokens',
      data: { requested: 6, quota: 5 },
    });
    expect(session.used.tokens).toBe(7);
  });

  it('leave the model to others while what they sent is decoded', async () => {
    const opened = deferred();
    const output = [{ label: 'a', score: 1 }];
    const { handlers, models, services } = setUp({ maxSequences: 1, perform: async () => output as never }, terms(5));
    models.set('packaged:m', tasks);
    const pixels = { kind: 'pixels' as const, width: 1, height: 1, data: new ArrayBuffer(4) };
    Object.assign(services.media, {
      picture: async () => {
        await opened.promise;
        return pixels;
      },
    });
    const input = { kind: 'encoded' as const, bytes: new ArrayBuffer(1) };
    const slow = handlers.perform({ model: 'packaged:m', task: 'image-classification', input }, makeCall().call);
    expect((await handlers.perform(classify, makeCall().call)).value).toMatchObject({ output });
    opened.resolve();
    expect((await slow).value).toMatchObject({ output });
  });
});

describe('sessions', () => {
  it('aborts running work when the session ends, with the reason', async () => {
    const slow = makeSlowGenerate();
    const { handlers, sessions, session, services } = setUp({ generate: slow.generate });
    await handlers['models.load']({ model: 'packaged:m' }, makeCall().call);
    const result = handlers.stream(ask, makeCall().call);
    await slow.started;
    expect(sessions.end(session.token, { code: 'permission-revoked', message: 'gone' })).toBe(true);
    await expect(result).rejects.toMatchObject({ code: 'permission-revoked' });
    expect(services.pool.residents()).toMatchObject([{ references: 0 }]);
    expect(sessions.end(session.token, { code: 'permission-revoked', message: 'gone' })).toBe(false);
  });

  it('aborts what new terms no longer allow and lets the rest go on', async () => {
    const slow = makeSlowGenerate();
    const { handlers, sessions, terms } = setUp({ generate: slow.generate });
    const result = handlers.stream(ask, makeCall().call);
    await slow.started;
    sessions.start({ ...terms, grants: [makeCaveats({ maxTokens: 1 })] });
    sessions.start({ ...terms, grants: [makeCaveats({ models: ['packaged:other'] })] });
    await expect(result).rejects.toMatchObject({ code: 'permission-revoked' });
  });

  it('aborts what runs under a grant when it runs out, tells of it, and lets the rest go on', async () => {
    const slow = makeSlowGenerate();
    const month = 30 * 86_400_000;
    const grants = [
      makeCaveats({ expiry: 1_000_000 + month }),
      makeCaveats({ models: ['packaged:n'], expiry: 1_000_000 + 2 * month }),
    ];
    const { handlers, models, time, expired, session, services } = setUp(
      { generate: slow.generate },
      makeTerms({ grants }),
    );
    models.set('packaged:n', makeManifest('packaged:n'));
    const holding = [handlers['models.load']({ model: 'packaged:m' }, makeCall().call)];
    holding.push(handlers['models.load']({ model: 'packaged:n' }, makeCall().call));
    await Promise.all(holding);
    const ended = handlers.stream(ask, makeCall().call);
    const other = handlers.stream({ ...ask, model: 'packaged:n' }, makeCall().call);
    await slow.started;
    time.advance(month - 1);
    expect(expired).toEqual([]);
    time.advance(1);
    await expect(ended).rejects.toMatchObject({ code: 'permission-expired' });
    expect(expired).toEqual([session.token]);
    expect(services.pool.residents().map(({ references }) => references)).toEqual([0, 1]);
    slow.finish();
    await expect(other).resolves.toMatchObject({ value: { text: 'one' } });
    time.advance(month);
    expect(expired).toEqual([session.token, session.token]);
  });

  it('says that a grant ran out also when the new terms come first', async () => {
    const slow = makeSlowGenerate();
    const grants = [makeCaveats({ expiry: 1_000_100 }), makeCaveats({ models: ['packaged:other'] })];
    const { handlers, sessions, time, terms } = setUp({ generate: slow.generate }, makeTerms({ grants }));
    const result = handlers.stream(ask, makeCall().call);
    await slow.started;
    time.set(1_000_100);
    sessions.start({ ...terms, grants: grants.slice(1) });
    await expect(result).rejects.toMatchObject({ code: 'permission-expired' });
  });

  it('counts loads like other requests, so that loading and letting go in a loop ends', async () => {
    const grants = [makeCaveats({ maxRatePerMinute: 2 })];
    const { handlers, session } = setUp({}, makeTerms({ grants }));
    for (let count = 0; count < 2; count += 1) {
      await handlers['models.load']({ model: 'packaged:m' }, makeCall().call);
      await handlers['models.release']({ model: 'packaged:m' }, makeCall().call);
    }
    await expect(handlers['models.load']({ model: 'packaged:m' }, makeCall().call)).rejects.toMatchObject({
      code: 'limit-rate',
    });
    expect(session.site.active).toBe(0);
  });

  it('keeps rate and day of a site over sessions', async () => {
    const { handlers, sessions, services } = setUp({}, makeTerms({ grants: [makeCaveats({ maxRatePerMinute: 1 })] }));
    await handlers.infer(ask, makeCall().call);
    for (const { token } of sessions.all()) sessions.end(token, { code: 'session-ended', message: '' });
    const next = makeTerms({ grants: [makeCaveats({ maxRatePerMinute: 1 })] });
    sessions.start(next);
    const session = sessions.get(next.token);
    if (!session) throw new Error('the session was just started');
    await expect(createDataHandlers(services, session).infer(ask, makeCall().call)).rejects.toMatchObject({
      code: 'limit-rate',
    });
  });

  it('stops what is running for the user and leaves the session alone', async () => {
    const slow = makeSlowGenerate();
    const { handlers, sessions, session } = setUp({ generate: slow.generate });
    const result = handlers.stream(ask, makeCall().call);
    await slow.started;
    expect(sessions.stop([session.token, session.token, 'nobody'], new WebplatError('stopped'))).toBe(1);
    await expect(result).rejects.toMatchObject({ code: 'stopped' });
    expect(sessions.get(session.token)).toBe(session);
  });
});

describe('chats', () => {
  const reply = async (request: { input: unknown }, events: GenerateEvents) => {
    const turns = request.input as readonly unknown[];
    events.onText({ text: `answer ${turns.length}`, tokens: 1 });
    return {
      text: `answer ${turns.length}`,
      finishReason: 'end' as const,
      inputTokens: turns.length,
      outputTokens: 1,
      computeMs: 1,
    };
  };

  it('remembers the conversation, clones it and forgets it', async () => {
    const { handlers } = setUp({ generate: reply as never });
    const { call } = makeCall();
    const { value } = await handlers['chat.create'](
      { model: 'packaged:m', initialMessages: [{ role: 'system', content: 'be kind' }] },
      call,
    );
    expect(value.context).toEqual({ usedTokens: 3, windowTokens: 32 });
    const first = await handlers['chat.prompt']({ chat: value.chat, input: 'one' }, call);
    expect(first.value).toMatchObject({ text: 'answer 2', context: { usedTokens: 3, windowTokens: 32 } });
    const copy = (await handlers['chat.clone']({ chat: value.chat }, call)).value.chat;
    await handlers['chat.append']({ chat: value.chat, messages: [{ role: 'user', content: 'more' }] }, call);
    expect((await handlers['chat.prompt']({ chat: value.chat, input: 'two' }, call)).value.text).toBe('answer 5');
    expect((await handlers['chat.prompt']({ chat: copy, input: 'two' }, call)).value.text).toBe('answer 4');
    await handlers['chat.destroy']({ chat: copy }, call);
    await expect(handlers['chat.prompt']({ chat: copy, input: 'x' }, call)).rejects.toMatchObject({
      code: 'chat-unknown',
    });
  });

  it('leaves the conversation as it was when a turn fails, and answers turns one after the other', async () => {
    let fail = true;
    const generate = async (request: { input: unknown }, events: GenerateEvents) => {
      if (fail) throw new WebplatError('device-lost');
      return reply(request, events);
    };
    const { handlers } = setUp({ generate: generate as never });
    const { call } = makeCall();
    const { value } = await handlers['chat.create']({ model: 'packaged:m' }, call);
    await expect(handlers['chat.prompt']({ chat: value.chat, input: 'lost' }, call)).rejects.toMatchObject({
      code: 'device-lost',
    });
    fail = false;
    const both = await Promise.all([
      handlers['chat.prompt']({ chat: value.chat, input: 'one' }, call),
      handlers['chat.prompt']({ chat: value.chat, input: 'two' }, call),
    ]);
    expect(both.map(({ value: { text } }) => text)).toEqual(['answer 1', 'answer 3']);
  });

  it('ends waiting turns with the running one when the user stops it', async () => {
    const slow = makeSlowGenerate();
    const { handlers, sessions, session } = setUp({ generate: slow.generate });
    const { call } = makeCall();
    const { value } = await handlers['chat.create']({ model: 'packaged:m' }, call);
    const turns = [1, 2, 3].map((turn) => handlers['chat.prompt']({ chat: value.chat, input: `${turn}` }, call));
    await slow.started;
    expect(sessions.stop([session.token], new WebplatError('stopped'))).toBe(3);
    for (const turn of turns) await expect(turn).rejects.toMatchObject({ code: 'stopped' });
    expect(session.open.size).toBe(0);
    expect(session.site.active).toBe(0);
  });

  it('belongs to its session: another session cannot name it', async () => {
    const { handlers, sessions, services } = setUp({ generate: reply as never });
    const { value } = await handlers['chat.create']({ model: 'packaged:m' }, makeCall().call);
    const terms = makeTerms({ subject: { invoker: 'https://b.example', topOrigin: 'https://b.example' } });
    sessions.start(terms);
    const stranger = sessions.get(terms.token);
    if (!stranger) throw new Error('the session was just started');
    await expect(
      createDataHandlers(services, stranger)['chat.prompt']({ chat: value.chat, input: 'hi' }, makeCall().call),
    ).rejects.toMatchObject({ code: 'chat-unknown' });
  });
});
