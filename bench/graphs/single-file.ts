import onnxProto from 'onnx-proto';

const { onnx } = onnxProto;

/** The same model with its weights inside, as exporters write models of less than two gigabytes. */
export function singleFile(
  model: Uint8Array,
  parts: readonly { readonly path: string; readonly data: Uint8Array }[],
): Uint8Array {
  const decoded = onnx.ModelProto.decode(model);
  const files = new Map(parts.map(({ path, data }) => [path, data]));
  for (const weight of decoded.graph?.initializer ?? []) {
    if (weight.dataLocation !== onnx.TensorProto.DataLocation.EXTERNAL) continue;
    const entry = (key: string) => weight.externalData?.find((found) => found.key === key)?.value ?? '';
    const [offset, length] = [Number(entry('offset')), Number(entry('length'))];
    const data = files.get(entry('location'));
    if (!data) throw new Error(`There is no file ${entry('location')}.`);
    weight.rawData = data.subarray(offset, offset + length);
    weight.externalData = [];
    weight.dataLocation = onnx.TensorProto.DataLocation.DEFAULT;
  }
  return onnx.ModelProto.encode(decoded).finish();
}
