import type { Handlers } from '../../../protocol/dispatch.ts';
import type { REPORT_METHODS } from '../../../protocol/methods.ts';

export type ReportHandlers = Handlers<typeof REPORT_METHODS, void>;
