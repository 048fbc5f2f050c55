import type { WebnnContext, WebnnDevice } from '../../device/webnn.ts';
import type { Artifact } from '../../store/artifacts.ts';
import { createFixedSessions, type FixedSession, type FixedSessions } from './fixed-session.ts';
import type { Sizes } from './fixed-sizes.ts';
import { type PlannedComponent, sessionsKept, weightBytes } from './plan.ts';
import { createSession, type Runtime } from './runtime.ts';
import { readShare } from './runtime-log.ts';
import type { Tier } from './tiers.ts';

/** A context of WebNN, and the tier that it belongs to. */
export interface OpenWebnn {
  readonly tier: Tier;
  readonly context: WebnnContext;
  readonly deviceType: WebnnDevice;
}

/** Sessions of a component on WebNN, as sizes are asked for. */
export function createWebnnSessions(
  { name, graph }: PlannedComponent,
  artifact: Artifact,
  runtime: Runtime,
  { tier, context, deviceType }: OpenWebnn,
): FixedSessions {
  const bytes = weightBytes(graph);
  async function open(sizes: Sizes): Promise<FixedSession> {
    const before = builtGraphs();
    const create = () => createSession(runtime, tier, artifact, { webnn: { context, deviceType, sizes } });
    const { value: session, lines } = runtime.log
      ? await runtime.log.during(create)
      : { value: await create(), lines: [] };
    const { nodes, webnnNodes } = readShare(lines);
    // What the provider says it takes counts where the browser built a graph of it.
    return { session, nodes, webnnNodes: builtGraphs() > before ? webnnNodes : 0 };
  }
  return createFixedSessions({
    ort: runtime.ort,
    component: name,
    graph,
    weightBytes: bytes,
    kept: sessionsKept(bytes),
    open,
    openAnySize: () => createSession(runtime, tier, artifact, {}),
  });
}

interface GraphBuilding {
  readonly prototype: { build(...given: unknown[]): Promise<unknown> };
}

let built = 0;
let watched = false;

/** Graphs that the browser built for this realm since it was first asked, by watching it build them. */
function builtGraphs(): number {
  const { MLGraphBuilder: builder } = globalThis as { MLGraphBuilder?: GraphBuilding };
  if (watched || !builder) return built;
  watched = true;
  const { build } = builder.prototype;
  builder.prototype.build = async function (...given) {
    const graph = await build.apply(this, given);
    built += 1;
    return graph;
  };
  return built;
}
