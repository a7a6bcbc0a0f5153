// From a file to a small square picture that the server takes.

import type { Square } from './crop';

/** What the server takes. */
const BYTES_MAX = 256 * 1024;
const SIDE = 256;
/** What is worth opening. */
const FILE_BYTES_MAX = 30 * 1024 * 1024;
/** The first of these that the browser can write and that is small enough. */
const FORMATS = [
  { type: 'image/webp', quality: 0.9 },
  { type: 'image/png', quality: 1 },
  { type: 'image/jpeg', quality: 0.9 },
];

/** The file as a picture, upright; or what is wrong with it. */
export async function opened(file: Blob): Promise<ImageBitmap | 'too_large' | 'not_a_picture'> {
  if (file.size > FILE_BYTES_MAX) return 'too_large';
  try {
    return await createImageBitmap(file);
  } catch {
    return 'not_a_picture';
  }
}

/** Draws the square over the whole canvas. */
export function draw(canvas: HTMLCanvasElement, picture: ImageBitmap, { left, top, side }: Square): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, left, top, side, side, 0, 0, canvas.width, canvas.height);
}

/** The square alone, small enough to send; null if the browser can write no picture. */
export async function scaled(picture: ImageBitmap, square: Square): Promise<Blob | null> {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIDE;
  draw(canvas, picture, square);
  for (const { type, quality } of FORMATS) {
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, type, quality));
    // A browser that cannot write a format writes PNG instead.
    if (blob && blob.size <= BYTES_MAX && blob.type === type) return blob;
  }
  return null;
}
