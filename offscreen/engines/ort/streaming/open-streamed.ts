import type { OwnedDevice } from '../../../device/gpu-device.ts';
import type { EmittedGraph } from '../../../graphs/build/graph-builder.ts';
import { DECODER_IO, type DecoderShape, PIECE_IO, type Storage } from '../../../graphs/graph.ts';
import type { Artifact } from '../../../store/artifacts.ts';
import { createSession, type Runtime, type SessionSetup } from '../runtime.ts';
import type { Tier } from '../tiers.ts';
import { deviceSlots, hostSlots } from '../weight-slots.ts';
import { openLayerWeights } from './layer-weights.ts';
import { type StreamLayout, weightNames } from './layout.ts';
import { createStreamedSession, type OpenPiece, type StreamedSession } from './streamed-session.ts';

export interface StreamedRequest {
  readonly runtime: Runtime;
  readonly tier: Tier;
  /** The device that computes; the processor, if left out. */
  readonly owned: OwnedDevice | undefined;
  readonly artifact: Artifact;
  readonly shape: DecoderShape;
  readonly storage: Storage;
  readonly layout: StreamLayout;
  readonly keptLayers: number;
}

/** Opens a decoder of which no more than some layers are in memory. */
export async function openStreamed(request: StreamedRequest): Promise<StreamedSession> {
  const { runtime, tier, owned, artifact, shape, storage, layout, keptLayers } = request;
  const open = async (piece: EmittedGraph, onDevice: readonly string[]): Promise<OpenPiece> => {
    const setup: SessionSetup = {
      ...(owned && { owned, onDevice }),
      ...(storage.cacheBits && { cacheBits: storage.cacheBits }),
    };
    const session = await createSession(runtime, tier, { model: piece.model, parts: [] }, setup);
    return { session, weights: weightNames(piece) };
  };
  const { ort } = runtime;
  const makeSlot = owned ? deviceSlots(ort, owned.device) : hostSlots(ort);
  const weights = await openLayerWeights({ layout, files: artifact.parts, keptLayers, makeSlot });
  return createStreamedSession({
    shape,
    weights,
    embedding: await open(layout.pieces.embedding, [PIECE_IO.nextStates]),
    layer: await open(layout.pieces.layer, [
      PIECE_IO.nextStates,
      DECODER_IO.present(0, 'key'),
      DECODER_IO.present(0, 'value'),
    ]),
    head: await open(layout.pieces.head, []),
  });
}
