// What a refused form says, and at which of its fields. Pure.

import type { Problem } from '../wire';
import { words } from '../words/parts';
import { accountWords } from '../words/account';

/** What is wrong: of the whole, and by the names of fields. */
export interface Problems {
  whole: string;
  fields: Record<string, string>;
}

export const NONE: Problems = { whole: '', fields: {} };

/** Sorts out a refusal. `fields` are the names that the form has; a pointer elsewhere is said of the whole. */
export function problemsOf(problem: Problem | null, fields: readonly string[]): Problems {
  const at = (field: string, text: string): Problems =>
    fields.includes(field) ? { whole: '', fields: { [field]: text } } : { whole: text, fields: {} };
  switch (problem?.code) {
    case 'taken':
      return at('username', accountWords.taken);
    case 'setup_code_needed':
      return at('setup_code', accountWords.wrongSetupCode);
    case 'password_needed':
      return at('current', accountWords.wrongPassword);
    case 'wrong_credentials':
      return { whole: accountWords.wrongCredentials, fields: {} };
    case 'registration_closed':
      return { whole: accountWords.closed, fields: {} };
    case 'too_many':
      return { whole: accountWords.tooMany(problem.retry_after ?? 1), fields: {} };
  }
  const found: Problems = { whole: '', fields: {} };
  const elsewhere: string[] = [];
  for (const { pointer, detail } of problem?.errors ?? []) {
    const field = pointer.replace(/^\//, '');
    // What is called `new` in the request is a password to the server's rules.
    const name = field === 'password' && !fields.includes(field) ? 'new' : field;
    if (fields.includes(name)) found.fields[name] = sentence(detail);
    else elsewhere.push(sentence(`${field} ${detail}`));
  }
  found.whole = elsewhere.join(' ');
  if (found.whole === '' && Object.keys(found.fields).length === 0) found.whole = words.refusal(problem);
  return found;
}

function sentence(text: string): string {
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(sentence) ? sentence : `${sentence}.`;
}

/** Takes the eye and the keyboard to the first field that is wrong; the form may be gone by then. */
export function focusFirst(form: HTMLFormElement | null | undefined, { fields }: Problems): void {
  for (const field of form?.elements ?? []) {
    if (field instanceof HTMLInputElement && Object.hasOwn(fields, field.name)) {
      field.focus();
      field.select();
      return;
    }
  }
}
