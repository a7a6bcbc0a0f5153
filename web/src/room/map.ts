// A place in figures, and its addresses on a map. Pure.

import type { Location } from '../wire';

type Spot = Pick<Location, 'latitude' | 'longitude'>;

/** As people write it: `52.37403° N, 4.88969° E`. */
export function shownPlace({ latitude, longitude }: Spot): string {
  return `${degrees(latitude)} ${latitude < 0 ? 'S' : 'N'}, ${degrees(longitude)} ${longitude < 0 ? 'W' : 'E'}`;
}

/** The address of a map in the browser. */
export function mapAddress({ latitude, longitude }: Spot): string {
  const [lat, lon] = [latitude.toFixed(6), longitude.toFixed(6)];
  return `https://www.openstreetmap.org/?mlat=${lat}&mlon=${lon}#map=17/${lat}/${lon}`;
}

/** The address that a phone opens with its own map. */
export function geoAddress({ latitude, longitude }: Spot): string {
  const spot = `${latitude.toFixed(6)},${longitude.toFixed(6)}`;
  return `geo:${spot}?q=${spot}`;
}

function degrees(value: number): string {
  return `${Math.abs(value).toFixed(5)}°`;
}
