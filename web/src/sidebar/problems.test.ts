import { expect, test } from 'vitest';
import type { Problem } from '../wire';
import { words } from '../words/all';
import { problemsByField } from './problems';

const problem: Problem = { type: '', title: '', status: 422, code: 'invalid', detail: 'Not acceptable.' };

test('each field hears what is wrong with it', () => {
  const errors = [
    { pointer: '/name', detail: 'must be at most 80 characters' },
    { pointer: '/members/3', detail: 'names nobody' },
    { pointer: '/members/4', detail: 'names nobody' },
    { pointer: '/elsewhere', detail: 'is odd' },
  ];
  expect(problemsByField({ ...problem, errors }, ['name', 'members'])).toEqual({
    name: 'Must be at most 80 characters.',
    members: 'Names nobody. Names nobody.',
    '': 'Is odd.',
  });
});

test('a name that is taken is said at the name, everything else of the whole', () => {
  const taken = { ...problem, code: 'taken', detail: 'the name is taken' };
  expect(problemsByField(taken, ['name'])).toEqual({ name: 'The name is taken.' });
  expect(problemsByField(problem, ['name'])).toEqual({ '': 'Not acceptable.' });
  expect(problemsByField(null, ['name'])).toEqual({ '': words.refusal(null) });
});
