// The names under which this program uses the contract; the only file that imports contract.ts.

import type { components } from './contract';

type Schemas = components['schemas'];

export type Account = Schemas['Account'];
export type Command = Schemas['Command'];
export type Edit = Schemas['Edit'];
export type Entry = Schemas['Entry'];
export type EntryBody = Schemas['EntryBody'];
export type Frame = Schemas['Frame'];
export type Location = Schemas['Location'];
export type Member = Schemas['Member'];
export type Message = Schemas['Message'];
export type MessagePage = Schemas['MessagePage'];
export type MessageRef = Schemas['MessageRef'];
export type MyPart = Schemas['MyPart'];
export type OpenRoom = Schemas['OpenRoom'];
export type Person = Schemas['Person'];
export type Problem = Schemas['Problem'];
export type Recorded = Schemas['Recorded'];
export type Room = Schemas['Room'];
export type RoomChanges = Schemas['ChangeRoom'];
export type RoomRole = Schemas['RoomRole'];
export type ServerInfo = Schemas['ServerInfo'];
export type Session = Schemas['Session'];
export type SignedIn = Schemas['SignedIn'];
export type Status = Schemas['Status'];

/** A list with a cursor: ask again with `cursor` until `has_more` is false. */
export interface List<T> {
  items: T[];
  next_cursor?: string | null;
  has_more: boolean;
}
