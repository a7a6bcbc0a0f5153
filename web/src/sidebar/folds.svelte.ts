// Which sections of the list are folded, remembered in this browser. Storage may be refused; then for this visit only.

const KEY = 'rill.folded';

export type Section = 'rooms' | 'directs' | 'archived';

class Folds {
  #folded: readonly string[] = $state.raw(remembered());

  has(section: Section): boolean {
    return this.#folded.includes(section);
  }

  toggle(section: Section): void {
    const others = this.#folded.filter((other) => other !== section);
    this.#folded = this.has(section) ? others : [...others, section];
    try {
      localStorage.setItem(KEY, this.#folded.join(' '));
    } catch {
      // Then the next visit begins anew.
    }
  }
}

function remembered(): string[] {
  try {
    return (localStorage.getItem(KEY) ?? 'archived').split(' ').filter((section) => section !== '');
  } catch {
    return ['archived'];
  }
}

export const folds = new Folds();
