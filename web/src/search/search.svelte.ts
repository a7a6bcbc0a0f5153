// A search as it is being made: what is typed, what was asked, what was found; the address says the same.

import * as api from '../sidebar/requests';
import { router } from '../router.svelte';
import { Finding } from '../sidebar/finding.svelte';
import type { Message } from '../wire';
import { parse, terms, withFilter, write, type Begun, type Filter } from './query';

const TYPING_WAIT_MS = 200;

export class Search {
  filters: readonly Filter[] = $state.raw([]);
  /** What is typed besides the filters. */
  text = $state('');
  /** What the address says and the server was asked. */
  asked = $state('');
  /** The words that are marked in what was found. */
  readonly terms = $derived(terms(parse(this.asked).text));
  readonly finding = new Finding<Message>(api.search, TYPING_WAIT_MS);
  /** Where the page is scrolled to. */
  scrolled = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #takeBack = () => {};

  constructor(
    /** Whose search it is. */
    readonly user: string,
  ) {}

  /** The address leads: back and forward, a link, a query from elsewhere. */
  show(query: string): void {
    if (query === this.asked) return;
    ({ filters: this.filters, text: this.text } = parse(query));
    this.#ask(query);
  }

  /** The text was changed; `begun` is a filter that is not typed to its end and does not count yet. */
  typed(begun: Begun | null): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#commit(this.#current(begun)), TYPING_WAIT_MS);
  }

  change(filters: readonly Filter[]): void {
    this.filters = filters;
    this.typed(null);
  }

  /** Searches now for what stands there. */
  submit(): void {
    this.#commit(this.#current(null));
  }

  /** Searches for something else. */
  replace(query: string): void {
    ({ filters: this.filters, text: this.text } = parse(query));
    this.#commit(query);
  }

  again(): void {
    this.#ask(this.asked);
  }

  /** The page is left: what is not answered yet is not waited for. */
  leave(): void {
    clearTimeout(this.#timer);
    if (this.finding.busy || this.finding.items === null) {
      this.#takeBack();
      this.asked = '';
    }
  }

  #current(begun: Begun | null): string {
    const query = parse(begun ? this.text.slice(0, begun.from) : this.text);
    const filters = query.filters.reduce<readonly Filter[]>(withFilter, this.filters);
    return write({ filters, text: query.text });
  }

  #commit(query: string): void {
    clearTimeout(this.#timer);
    if (query === this.asked) return;
    this.#ask(query);
    router.replace({ screen: 'search', query });
  }

  #ask(query: string): void {
    this.#takeBack();
    this.asked = query;
    if (query === '') this.finding.clear();
    this.#takeBack = query === '' ? () => {} : this.finding.ask(query);
  }
}
