import type { Handlers } from '../../../protocol/dispatch.ts';
import type { UI_METHODS } from '../../../protocol/methods.ts';

export type UiHandlers = Handlers<typeof UI_METHODS, void>;
