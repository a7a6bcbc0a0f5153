// Requests about one's own account that only the settings make.

import { exchange } from '../api';
import type { Account, List, Session } from '../wire';

/** What may be changed; an empty text empties a field. */
export type Changes = Partial<Pick<Account, 'display_name' | 'first_name' | 'last_name'> & { email: string }>;

/** The account, with the tag that guards its change. */
export const account = () => exchange<Account>('GET', '/me');

/** Changes what is named, if the account still is as it was when the tag was read. */
export const change = (changes: Changes, tag: string | null) =>
  exchange<Account>('PATCH', '/me', JSON.stringify(changes), tag);

export const setPicture = async (picture: Blob) =>
  (await exchange<Account>('PUT', '/me/avatar', picture)).value;
export const removePicture = async () => (await exchange<Account>('DELETE', '/me/avatar')).value;

/** Sets another password; all other sessions end. */
export const changePassword = (current: string, next: string) =>
  exchange<void>('PUT', '/me/password', JSON.stringify({ current, new: next }));

export const sessions = async () => (await exchange<List<Session>>('GET', '/sessions')).value.items;
export const endSession = (id: string) => exchange<void>('DELETE', `/sessions/${id}`);
