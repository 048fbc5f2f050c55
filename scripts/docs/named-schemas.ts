import type * as v from 'valibot';
import { ContextUsage } from '../../src/protocol/chat.ts';
import { ErrorData, WireError } from '../../src/protocol/errors.ts';
import {
  ChatMessage,
  Execution,
  GenerationOptions,
  GenerationResult,
  InferParams,
  LoadProgress,
  TextChunk,
  TextInput,
} from '../../src/protocol/generation.ts';
import {
  Caveat,
  CaveatValues,
  Duration,
  Grant,
  Lifetime,
  PermissionRequest,
  PublicGrant,
  Subject,
} from '../../src/protocol/grant.ts';
import { HostStatus } from '../../src/protocol/host/host-status.ts';
import { ModelCard, PassedTier, ResidentModel } from '../../src/protocol/model.ts';
import { ArchiveSummary, ModelPath } from '../../src/protocol/model-files.ts';
import { UsageEntry } from '../../src/protocol/report/report-usage.ts';
import {
  Backend,
  Count,
  DurationMs,
  ModelName,
  Origin,
  TaskName,
  Text,
  Timestamp,
  Token,
} from '../../src/protocol/scalars.ts';
import { Settings } from '../../src/protocol/settings.ts';
import { Job } from '../../src/protocol/store.ts';
import { TensorMap, WireTensor } from '../../src/protocol/tensor.ts';
import { PromptAnswer, PromptView, SiteView } from '../../src/protocol/ui/views.ts';

/** Schemas that the protocol page writes out once and then uses by name. */
export const NAMED_SCHEMAS: Readonly<Record<string, v.GenericSchema>> = {
  Token,
  Origin,
  ModelName,
  TaskName,
  Backend,
  Count,
  DurationMs,
  Timestamp,
  Text,
  WireError,
  ErrorData,
  Subject,
  Caveat,
  CaveatValues,
  Duration,
  Lifetime,
  Grant,
  PublicGrant,
  PermissionRequest,
  ModelCard,
  PassedTier,
  ResidentModel,
  ChatMessage,
  TextInput,
  GenerationOptions,
  GenerationResult,
  Execution,
  InferParams,
  LoadProgress,
  TextChunk,
  ContextUsage,
  WireTensor,
  TensorMap,
  Settings,
  HostStatus,
  UsageEntry,
  PromptView,
  PromptAnswer,
  SiteView,
  ModelPath,
  ArchiveSummary,
  Job,
};
