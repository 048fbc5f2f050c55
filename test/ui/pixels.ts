import type { Locator } from 'playwright';

/** Colours across the middle of an element as it is drawn, from left to right, each as `r,g,b`. */
export async function middleRow(element: Locator): Promise<readonly string[]> {
  const png = (await element.screenshot()).toString('base64');
  return element.page().evaluate(async (data) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext('2d');
    if (!context) throw new Error('No canvas.');
    context.drawImage(image, 0, 0);
    const { data: bytes } = context.getImageData(0, Math.floor(image.height / 2), image.width, 1);
    return Array.from({ length: image.width }, (_, x) => bytes.slice(4 * x, 4 * x + 3).join());
  }, png);
}
