import type { Handlers } from '../../../protocol/dispatch.ts';
import type { CONTROL_METHODS } from '../../../protocol/methods.ts';
import type { ControlCall } from '../../page-ports.ts';

export type ControlHandlers = Handlers<typeof CONTROL_METHODS, ControlCall>;
