// A refusal, sorted by the fields of a form. Pure.

import type { Problem } from '../wire';
import { words } from '../words/parts';

/** What is wrong, by the name of the field; what belongs to none of them under the empty name. */
export type Problems = Readonly<Record<string, string>>;

export function problemsByField(problem: Problem | null, fields: readonly string[]): Problems {
  const found: Record<string, string> = {};
  for (const error of problem?.errors ?? []) {
    const name = error.pointer.split('/')[1] ?? '';
    const field = fields.includes(name) ? name : '';
    const said = words.refusal({ ...problem!, errors: [error] });
    found[field] = found[field] ? `${found[field]} ${said}` : said;
  }
  if (Object.keys(found).length > 0) return found;
  return { [problem?.code === 'taken' && fields.includes('name') ? 'name' : '']: words.refusal(problem) };
}
