import { isInnerPath, leadsOut } from '../../src/protocol/model-files.ts';
import { corrupt, unsupported } from '../graphs/config-fields.ts';

/** A file of weights: as a graph names it, and its path inside the model. */
export interface ExternalFile {
  readonly location: string;
  readonly path: string;
}

/**
 * Where the files lie that a graph says its weights are in. Their names come from the file and are not trusted: they stay in the
 * graph's own folder, and are files that the model has.
 *
 * @throws WebplatError `model-corrupt` for a name that leads out or a file that is missing, `model-unsupported` for a name that
 * no file of a model has
 */
export function externalFiles(
  graphPath: string,
  locations: readonly string[],
  paths: readonly string[],
): readonly ExternalFile[] {
  const folder = graphPath.slice(0, graphPath.lastIndexOf('/') + 1);
  return locations.map((location) => {
    if (leadsOut(location)) throw corrupt('The graph names a file of weights outside its folder.');
    const path = folder + location.replace(/^(\.\/)+/, '');
    if (!isInnerPath(path)) throw unsupported('The name of a file of weights.');
    if (!paths.includes(path)) throw corrupt(`The model has no ${path}, which has weights of the graph.`);
    return { location, path };
  });
}
