import { describe, expect, test } from 'vitest';
import { moved, whole, within, zoomed, ZOOM_MAX, zoomOf } from './crop';

const wide = { width: 1200, height: 800 };
const tall = { width: 300, height: 900 };
const tiny = { width: 1, height: 1 };

describe('the square', () => {
  test('begins as the largest one in the middle', () => {
    expect(whole(wide)).toEqual({ left: 200, top: 0, side: 800 });
    expect(whole(tall)).toEqual({ left: 0, top: 300, side: 300 });
    expect(whole(tiny)).toEqual({ left: 0, top: 0, side: 1 });
  });

  test('is moved by parts of its side, up to the edges', () => {
    expect(moved(wide, whole(wide), 0.125, 0.5)).toEqual({ left: 300, top: 0, side: 800 });
    expect(moved(wide, whole(wide), 5, -5)).toEqual({ left: 400, top: 0, side: 800 });
    expect(moved(wide, { left: 0, top: 0, side: 400 }, 0.5, 0.25)).toEqual({
      left: 200,
      top: 100,
      side: 400,
    });
  });

  test('magnifies around its middle', () => {
    const near = zoomed(wide, whole(wide), 2);
    expect(near).toEqual({ left: 400, top: 200, side: 400 });
    expect(zoomOf(wide, near)).toBe(2);
    expect(zoomed(wide, near, 1)).toEqual(whole(wide));
  });

  test('magnifies no further than makes sense, and shows no more than there is', () => {
    expect(zoomOf(wide, zoomed(wide, whole(wide), 99))).toBeCloseTo(ZOOM_MAX);
    expect(zoomOf(wide, zoomed(wide, whole(wide), 0))).toBe(1);
  });

  test('comes back within the picture when it grows at an edge', () => {
    const corner = moved(tall, zoomed(tall, whole(tall), 3), 99, 99);
    expect(corner).toEqual({ left: 200, top: 800, side: 100 });
    expect(zoomed(tall, corner, 1)).toEqual({ left: 0, top: 600, side: 300 });
  });

  test('lies within the picture wherever it came from', () => {
    for (const size of [wide, tall, tiny]) {
      for (const square of [
        { left: -50, top: -50, side: 10_000 },
        { left: 1e9, top: 1e9, side: 0 },
        { left: 10, top: 10, side: 20 },
      ]) {
        const { left, top, side } = within(size, square);
        expect(Math.min(left, top)).toBeGreaterThanOrEqual(0);
        expect(side).toBeGreaterThan(0);
        expect(left + side).toBeLessThanOrEqual(size.width);
        expect(top + side).toBeLessThanOrEqual(size.height);
      }
    }
  });
});
