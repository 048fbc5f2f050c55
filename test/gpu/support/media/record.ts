import type { Pixels } from '../../../../src/protocol/tasks/media.ts';

/** Pieces that a recording is made of: the first half shows red, or sounds; the second half is blue, or silent. */
const PIECES = 8;

/** Records a red and then blue picture, or a tone, the way sites do: the file does not say how long it is. */
export async function recordVideo(kind: 'video' | 'audio'): Promise<ArrayBuffer> {
  const source = kind === 'video' ? paintedStream() : toneStream();
  const recorder = new MediaRecorder(source.stream, { mimeType: `${kind}/webm` });
  const pieces: Blob[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  recorder.ondataavailable = ({ data }) => {
    pieces.push(data);
    if (pieces.length === PIECES / 2) source.change();
    if (pieces.length === PIECES) recorder.stop();
  };
  recorder.onstop = () => resolve();
  recorder.start(100);
  await promise;
  source.stop();
  return new Blob(pieces).arrayBuffer();
}

function paintedStream() {
  const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 48 });
  const context = canvas.getContext('2d');
  let color = '#f00';
  let open = true;
  const paint = () => {
    if (!context || !open) return;
    context.fillStyle = color;
    context.fillRect(0, 0, 64, 48);
    requestAnimationFrame(paint);
  };
  paint();
  return {
    stream: canvas.captureStream(),
    change() {
      color = '#00f';
    },
    stop() {
      open = false;
    },
  };
}

function toneStream() {
  const context = new AudioContext();
  const tone = new OscillatorNode(context, { frequency: 440 });
  const destination = context.createMediaStreamDestination();
  tone.connect(destination);
  tone.start();
  return { stream: destination.stream, change() {}, stop: () => void context.close() };
}

/** Size and middle pixel of a frame. */
export function seen({ width, height, data }: Pixels) {
  const at = (Math.floor(height / 2) * width + Math.floor(width / 2)) * 4;
  return { width, height, middle: [...new Uint8Array(data, at, 4)] };
}
