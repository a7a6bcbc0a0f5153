// All words by one name, for tests.

import { words as parts } from './parts';
import { words as room } from './room';

export const words = { ...parts, ...room };
