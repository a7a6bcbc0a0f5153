import { describe, expect, test } from 'vitest';
import type { Problem } from '../wire';
import { words } from '../words/all';
import { problemsOf } from './problems';
import { accountWords } from '../words/account';

const problem = (code: string, more: Partial<Problem> = {}): Problem => ({
  type: 'about:blank',
  title: '',
  status: 400,
  detail: 'something is wrong',
  code,
  ...more,
});
const invalid = (...errors: [string, string][]) =>
  problem('invalid', { errors: errors.map(([pointer, detail]) => ({ pointer, detail })) });

describe('a refusal', () => {
  test('stands at the fields that it names', () => {
    const refused = invalid(['/username', 'is reserved; choose another'], ['/email', 'must be an address']);
    expect(problemsOf(refused, ['username', 'email'])).toEqual({
      whole: '',
      fields: { username: 'Is reserved; choose another.', email: 'Must be an address.' },
    });
  });

  test('is said of the whole where the form has no such field', () => {
    expect(problemsOf(invalid(['/phone', 'must be a number']), ['email'])).toEqual({
      whole: 'Phone must be a number.',
      fields: {},
    });
    expect(problemsOf(problem('internal'), ['email']).whole).toBe('Something is wrong.');
    expect(problemsOf(null, ['email']).whole).toBe(words.refusal(null));
  });

  test('of a new password stands at the new password', () => {
    const refused = invalid(['/password', 'is too common']);
    expect(problemsOf(refused, ['current', 'new']).fields).toEqual({ new: 'Is too common.' });
    expect(problemsOf(refused, ['password']).fields).toEqual({ password: 'Is too common.' });
  });

  test.each([
    ['taken', ['username'], 'username', accountWords.taken],
    ['setup_code_needed', ['setup_code'], 'setup_code', accountWords.wrongSetupCode],
    ['password_needed', ['current', 'new'], 'current', accountWords.wrongPassword],
  ])('with code %s has its field', (code, fields, field, text) => {
    expect(problemsOf(problem(code), fields)).toEqual({ whole: '', fields: { [field]: text } });
  });

  test('for haste says when to try again', () => {
    const when = (retry_after?: number) => problemsOf(problem('too_many', { retry_after }), []).whole;
    expect(when(42.3)).toBe('Too many attempts. Try again in 43 seconds.');
    expect(when(240)).toBe('Too many attempts. Try again in 4 minutes.');
    expect(when(3 * 3600)).toBe('Too many attempts. Try again in 3 hours.');
    expect(when()).toBe('Too many attempts. Try again in a second.');
  });
});
