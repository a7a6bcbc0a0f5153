// Days as a date field writes them, places as people write them, and the reactions that are one press away.

import { describe, expect, it } from 'vitest';
import { dayOf, startOf } from './day';
import { geoAddress, mapAddress, shownPlace } from './map';
import { quickOf } from './quick';

describe('days', () => {
  it('are those of the place where one is', () => {
    const late = new Date(2026, 10, 21, 23, 59);
    expect(dayOf(late)).toBe('2026-11-21');
    expect(startOf('2026-11-21')).toEqual(new Date(2026, 10, 21));
  });

  it.each(['', '2026-02-30', '2026-13-01', '21.11.2026', '2026-11-21T10:00', '0000-00-00'])(
    'are not %j',
    (text) => {
      expect(startOf(text)).toBeNull();
    },
  );
});

describe('places', () => {
  const here = { latitude: -33.8567844, longitude: 151.2152967 };

  it('are written with their side of the world', () => {
    expect(shownPlace(here)).toBe('33.85678° S, 151.21530° E');
    expect(shownPlace({ latitude: 0, longitude: -0.00001 })).toBe('0.00000° N, 0.00001° W');
  });

  it('have addresses without anything but figures', () => {
    expect(mapAddress(here)).toBe(
      'https://www.openstreetmap.org/?mlat=-33.856784&mlon=151.215297#map=17/-33.856784/151.215297',
    );
    expect(geoAddress(here)).toBe('geo:-33.856784,151.215297?q=-33.856784,151.215297');
  });
});

describe('quick reactions', () => {
  it('are four: the usual ones, and those that one used last', () => {
    expect(quickOf([])).toEqual(['👍', '❤️', '😄', '🎉']);
    expect(quickOf(['🎉', '👍'])).toEqual(['👍', '❤️', '😄', '🎉']);
    expect(quickOf(['🦀', '👍'])).toEqual(['👍', '❤️', '😄', '🦀']);
    expect(quickOf(['a', 'b', 'c', 'd', 'e'])).toEqual(['a', 'b', 'c', 'd']);
  });
});
