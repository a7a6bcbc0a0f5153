// Who may do what in a room, as the server decides it: what one may not do is not offered. Pure.

import type { Account, Member, Room, RoomRole } from '../wire';

/** Why somebody cannot leave a room. */
export type Bound = 'conversation' | 'protected' | 'only_owner';

const RANKS: Record<RoomRole, number> = { member: 0, moderator: 1, owner: 2 };

/** What one account may do in one room that they are in. */
export class May {
  readonly #rank: number;
  readonly #admin: boolean;
  /** Nothing but what works in an archive can be done. */
  readonly #closed: boolean;

  constructor(
    private readonly me: Pick<Account, 'id' | 'role'>,
    private readonly room: Room,
    /** Everybody who is in the room, as far as they are known. */
    private readonly members: readonly Member[],
  ) {
    this.#admin = me.role === 'admin' || me.role === 'super_admin';
    // Administrators look after public rooms as if they owned them.
    const owns = this.#admin && room.kind === 'public';
    this.#rank = owns ? RANKS.owner : RANKS[room.me?.role ?? 'member'];
    this.#closed = room.archived || this.conversation;
  }

  /** In conversations everybody is alike, and nothing about them is changed. */
  get conversation(): boolean {
    return this.room.kind === 'direct' || this.room.kind === 'group';
  }

  /** Give the room another topic or description. */
  get describe(): boolean {
    return !this.#closed && this.#rank >= RANKS.moderator;
  }

  get rename(): boolean {
    return !this.#closed && this.#rank >= RANKS.owner && (!this.room.protected || this.#admin);
  }

  /** Say what newcomers can read. */
  get setHistory(): boolean {
    return !this.#closed && this.#rank >= RANKS.owner && !this.room.protected;
  }

  get invite(): boolean {
    // Everybody is in a protected room already.
    if (this.#closed || this.room.protected) return false;
    return this.room.kind === 'public' || this.me.role !== 'guest';
  }

  /** Put the room into the archive, take it out again, or delete it. */
  get close(): boolean {
    return !this.conversation && !this.room.protected && this.#rank >= RANKS.owner;
  }

  get pin(): boolean {
    return !this.room.archived && this.me.role !== 'guest';
  }

  /** What keeps one here; null: one may leave. */
  get bound(): Bound | null {
    if (this.conversation) return 'conversation';
    if (this.room.protected) return 'protected';
    const owner = this.room.me?.role === 'owner' && this.#isOnlyOwner(this.me.id);
    return owner && this.room.member_count > 1 ? 'only_owner' : null;
  }

  remove(member: Member): boolean {
    if (this.conversation || this.room.protected || member.person.id === this.me.id) return false;
    if (this.#rank < RANKS.moderator || this.#isOnlyOwner(member.person.id)) return false;
    return this.#rank > RANKS[member.role] || this.#rank === RANKS.owner;
  }

  /** The roles that one may give to the member, besides the one that they have. */
  rolesFor(member: Member): RoomRole[] {
    if (this.#closed || this.#rank < RANKS.owner || this.#isOnlyOwner(member.person.id)) return [];
    return (['owner', 'moderator', 'member'] as const).filter((role) => role !== member.role);
  }

  /** Where not everybody is known, there may be another owner: the server tells. */
  #isOnlyOwner(user: string): boolean {
    if (this.members.length < this.room.member_count) return false;
    const owners = this.members.filter((member) => member.role === 'owner');
    return owners.length === 1 && owners[0]!.person.id === user;
  }
}
