import * as v from 'valibot';
import browser, { type Runtime } from 'webextension-polyfill';
import { type OneShotReply, OneShotRequest } from '../protocol/message.ts';
import { extensionIdentity } from './identity.ts';
import { type BrowserSender, type ClassifiedSender, classifySender } from './sender.ts';

/**
 * Answers one-shot requests of the channels that `answer` serves; for others it returns undefined and the message is
 * left to the context it is meant for.
 */
export function onOneShot(
  answer: (request: OneShotRequest, sender: ClassifiedSender) => Promise<OneShotReply> | undefined,
): void {
  browser.runtime.onMessage.addListener((message: unknown, sender: Runtime.MessageSender) => {
    const request = v.safeParse(OneShotRequest, message);
    const from = classifySender(sender as BrowserSender, extensionIdentity());
    return request.success && from ? answer(request.output, from) : undefined;
  });
}
