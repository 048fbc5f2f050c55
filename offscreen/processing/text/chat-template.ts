import { Template } from '@huggingface/jinja';
import { WebplatError } from '../../../src/protocol/errors.ts';
import type { ChatMessage } from '../../../src/protocol/generation.ts';
import { corrupt, unsupported } from '../../graphs/config-fields.ts';

/** A message as templates read it: text, or texts and places of pictures. */
export interface TemplateMessage {
  readonly role: ChatMessage['role'];
  readonly content: string | readonly ({ readonly type: 'text'; readonly text: string } | { readonly type: 'image' })[];
}

/**
 * Turns a conversation into a prompt. `extra` are further variables of the template, such as `enable_thinking` of Qwen3.
 *
 * @throws WebplatError `invalid-request` when the template does not accept the conversation
 */
export type RenderChat = (messages: readonly TemplateMessage[], extra?: Readonly<Record<string, unknown>>) => string;

/**
 * @param source Jinja template of tokenizer_config.json; without one, every conversation is refused as `model-unsupported`.
 * @param specials Names and texts of special tokens that templates may put in, such as `bos_token`.
 * @throws WebplatError `model-corrupt`
 */
export function createChatRenderer(
  source: string | undefined,
  specials: Readonly<Record<string, string | undefined>>,
): RenderChat {
  if (!source) {
    return () => {
      throw unsupported('The model has no chat template.');
    };
  }
  const template = parseTemplate(source);
  return (messages, extra = {}) => {
    try {
      return template.render({ messages, add_generation_prompt: true, ...specials, ...extra });
    } catch {
      // Templates refuse conversations on purpose, such as two turns of one role; that is the caller's to correct.
      throw new WebplatError('invalid-request', "The model's chat template does not accept this conversation.", {
        field: 'input',
      });
    }
  };
}

function parseTemplate(source: string): Template {
  try {
    return new Template(source);
  } catch {
    throw corrupt('The chat template cannot be read.');
  }
}
