import { ADAPTER_CONFIG, ADAPTER_WEIGHTS, isGraph } from '../../src/protocol/model-files.ts';
import { isExported } from './exported.ts';
import { chooseFile, type GraphFile, graphBytes, graphFiles, isDataOf, isLarge } from './layout.ts';

interface Sized {
  readonly path: string;
  readonly bytes: number;
}

const isCheckpoint = (path: string): boolean => /\.safetensors(\.index\.json)?$/.test(path);

/** What of a repository is used: graphs that others made, or the checkpoint, never both; adapters lie in a folder of their own. */
export function usableFiles<File extends { readonly path: string }>(all: readonly File[], config: unknown): File[] {
  const files = all.filter(({ path }) => path !== ADAPTER_WEIGHTS && path !== ADAPTER_CONFIG);
  const paths = files.map(({ path }) => path);
  if (isExported(paths, config)) return files.filter(({ path }) => !isCheckpoint(path));
  const graphs = paths.filter(isGraph);
  return files.filter(({ path }) => !isGraph(path) && !graphs.some((graph) => isDataOf(graph, path)));
}

/** Devices for which a graph is stored in one way or another. */
const DEVICES = [
  { device: 'wasm', half: false },
  { device: 'webgpu', half: false },
  { device: 'webgpu', half: true },
] as const;

/**
 * Files that a model is likely made of in the end. Of a graph that is there in several files, of which one will be wanted, that
 * is one that is here already, or the largest that some device would choose.
 */
export function expectedFiles<File extends Sized>(files: readonly File[], isHere: (file: File) => boolean): File[] {
  const graphs = graphFiles(files.map(({ path }) => path));
  const groupOf = ({ path }: GraphFile) => files.filter((file) => file.path === path || isDataOf(path, file.path));
  const wanted = new Set<string>();
  for (const stem of new Set(graphs.map((graph) => graph.stem))) {
    const variants = graphs.filter((graph) => graph.stem === stem);
    const here = variants.filter((variant) => groupOf(variant).every(isHere));
    const large = isLarge(files, variants);
    const likely = DEVICES.map((device) => chooseFile(variants, { ...device, large }));
    const chosen =
      here.length > 0
        ? here
        : [
            largest(
              files,
              likely.filter((graph) => graph !== undefined),
            ),
          ];
    for (const graph of chosen) if (graph) for (const { path } of groupOf(graph)) wanted.add(path);
  }
  const isVariant = (path: string) => graphs.some((graph) => path === graph.path || isDataOf(graph.path, path));
  return files.filter(({ path }) => wanted.has(path) || !isVariant(path));
}

function largest(files: readonly Sized[], graphs: readonly GraphFile[]): GraphFile | undefined {
  return [...graphs].sort((a, b) => graphBytes(files, b.path) - graphBytes(files, a.path))[0];
}

/** Bytes of a model that are still to be brought, by and large. */
export const missingBytes = <File extends Sized>(files: readonly File[], isHere: (file: File) => boolean): number =>
  expectedFiles(files, isHere)
    .filter((file) => !isHere(file))
    .reduce((sum, { bytes }) => sum + bytes, 0);
