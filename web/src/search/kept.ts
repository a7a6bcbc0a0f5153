// The last search, so that who comes back from a message finds the results as they left them.

import { Search } from './search.svelte';

let kept: Search | null = null;

/** The last search, if it was this one of this person's; otherwise a new one. */
export function searchFor(user: string, query: string): Search {
  if (kept?.user !== user || kept.asked !== query || query === '') kept = new Search(user);
  return kept;
}
