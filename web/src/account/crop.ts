// Which square of a picture is shown: its size and its place, kept within the picture. Pure.

export interface Size {
  width: number;
  height: number;
}

/** The square, in pixels of the picture. */
export interface Square {
  left: number;
  top: number;
  side: number;
}

/** How many times smaller than the picture's shorter side the square may be. */
export const ZOOM_MAX = 6;

/** The largest square, in the middle. */
export function whole({ width, height }: Size): Square {
  const side = Math.min(width, height);
  return { left: (width - side) / 2, top: (height - side) / 2, side };
}

/** The square nearest to that one which lies within the picture. */
export function within({ width, height }: Size, { left, top, side }: Square): Square {
  const largest = Math.min(width, height);
  const fitting = clamp(side, largest / ZOOM_MAX, largest);
  return { left: clamp(left, 0, width - fitting), top: clamp(top, 0, height - fitting), side: fitting };
}

/** Moves the square by parts of its side. */
export function moved(size: Size, square: Square, x: number, y: number): Square {
  return within(size, { ...square, left: square.left + x * square.side, top: square.top + y * square.side });
}

/** Magnifies, around the middle of the square; 1 shows the largest square. */
export function zoomed(size: Size, { left, top, side }: Square, zoom: number): Square {
  const next = Math.min(size.width, size.height) / clamp(zoom, 1, ZOOM_MAX);
  const shift = (side - next) / 2;
  return within(size, { left: left + shift, top: top + shift, side: next });
}

/** How far the square magnifies. */
export function zoomOf({ width, height }: Size, { side }: Square): number {
  return Math.min(width, height) / side;
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}
