/**
 * What is said on the wire, in the shape that openapi-typescript gives to docs/openapi.json (`npm run contract`).
 * Import the names from wire.ts, not from here.
 */
export interface components {
  schemas: {
    Role: 'guest' | 'bot' | 'user' | 'admin' | 'super_admin';
    Status: 'online' | 'away' | 'offline';
    RoomKind: 'public' | 'private' | 'direct' | 'group';
    History: 'all' | 'joined';
    RoomRole: 'member' | 'moderator' | 'owner';
    Person: {
      id: string;
      username: string;
      display_name: string;
      role: components['schemas']['Role'];
      avatar?: string | null;
    };
    Account: components['schemas']['Person'] & {
      first_name: string;
      last_name: string;
      email?: string | null;
      phone: string;
      time_zone: string;
      language: string;
      created_at: string;
      banned_at?: string | null;
    };
    MyPart: {
      role: components['schemas']['RoomRole'];
      from_seq: number;
      joined_at: string;
      read_seq: number;
      read_ordinal: number;
      unread: number;
      mentions: number;
    };
    Room: {
      id: string;
      kind: components['schemas']['RoomKind'];
      name: string;
      topic: string;
      description: string;
      history: components['schemas']['History'];
      protected: boolean;
      archived: boolean;
      created_at: string;
      last_seq: number;
      last_ordinal: number;
      last_at: string;
      member_count: number;
      people?: components['schemas']['Person'][];
      me?: components['schemas']['MyPart'] | null;
    };
    Member: {
      person: components['schemas']['Person'];
      role: components['schemas']['RoomRole'];
      joined_at: string;
      status: components['schemas']['Status'];
    };
    Location: { latitude: number; longitude: number; accuracy?: number | null; label?: string };
    MessageRef: { id: string; seq: number };
    Reaction: { emoji: string; users: string[] };
    Message: {
      room: string;
      seq: number;
      ordinal: number;
      id: string;
      client_id?: string | null;
      sender: components['schemas']['Person'];
      at: string;
      text: string;
      mentions?: string[];
      mentions_room?: boolean;
      location?: components['schemas']['Location'] | null;
      thread?: components['schemas']['MessageRef'] | null;
      replies: number;
      edited_at?: string | null;
      deleted_at?: string | null;
      pinned_at?: string | null;
      reactions?: components['schemas']['Reaction'][];
      changed_seq: number;
    };
    MessagePage: {
      items: components['schemas']['Message'][];
      has_before: boolean;
      has_after: boolean;
      head: number;
    };
    Entry: {
      room: string;
      seq: number;
      ordinal: number;
      id: string;
      at: string;
      actor: components['schemas']['Person'];
      client_id?: string | null;
      body: components['schemas']['EntryBody'];
    };
    EntryBody:
      | {
          kind: 'room_opened';
          room_kind: components['schemas']['RoomKind'];
          name: string;
          topic: string;
          description: string;
          history: components['schemas']['History'];
          members: string[];
        }
      | {
          kind: 'room_changed';
          name?: string | null;
          topic?: string | null;
          description?: string | null;
          history?: components['schemas']['History'] | null;
        }
      | { kind: 'room_archived' }
      | { kind: 'room_unarchived' }
      | { kind: 'room_deleted' }
      | { kind: 'member_joined' }
      | { kind: 'member_invited'; person: components['schemas']['Person'] }
      | { kind: 'member_left' }
      | { kind: 'member_removed'; person: components['schemas']['Person'] }
      | {
          kind: 'member_role_changed';
          person: components['schemas']['Person'];
          role: components['schemas']['RoomRole'];
        }
      | {
          kind: 'message_posted';
          text: string;
          thread?: components['schemas']['MessageRef'] | null;
          mentions?: string[];
          mentions_room?: boolean;
          location?: components['schemas']['Location'] | null;
        }
      | {
          kind: 'message_edited';
          message: components['schemas']['MessageRef'];
          text: string;
          mentions?: string[];
          mentions_room?: boolean;
        }
      | { kind: 'message_deleted'; message: components['schemas']['MessageRef'] }
      | { kind: 'reaction_added'; message: components['schemas']['MessageRef']; emoji: string }
      | { kind: 'reaction_removed'; message: components['schemas']['MessageRef']; emoji: string }
      | { kind: 'message_pinned'; message: components['schemas']['MessageRef'] }
      | { kind: 'message_unpinned'; message: components['schemas']['MessageRef'] };
    FieldProblem: { pointer: string; detail: string };
    Problem: {
      type: string;
      title: string;
      status: number;
      detail: string;
      instance?: string | null;
      code: string;
      errors?: components['schemas']['FieldProblem'][];
      request_id?: string | null;
      retry_after?: number | null;
      seq?: number | null;
    };
    ServerInfo: {
      name: string;
      version: string;
      protocol: string;
      feature_level: number;
      epoch: string;
      registration_open: boolean;
      first_account: boolean;
      setup_code_needed: boolean;
    };
    SignedIn: { me: components['schemas']['Account']; session: string };
    Recorded: { seq?: number | null; id?: string | null; at?: string | null; repeated?: boolean };
    SocketLimits: {
      frame_bytes_max: number;
      text_chars_max: number;
      text_bytes_max: number;
      resume_gap_max: number;
      queue_events_max: number;
    };
    Command:
      | { type: 'resume'; ref?: string | null; epoch?: string | null; rooms: { [room: string]: number } }
      | {
          type: 'post';
          ref: string;
          room: string;
          client_id: string;
          text: string;
          reply_to?: string | null;
        }
      | { type: 'read'; ref?: string | null; room: string; seq: number }
      | { type: 'typing'; room: string; on: boolean }
      | { type: 'presence'; status: components['schemas']['Status'] }
      | { type: 'ping'; ref?: string | null };
    Frame:
      | {
          type: 'hello';
          protocol: string;
          server: string;
          epoch: string;
          heartbeat_ms: number;
          limits: components['schemas']['SocketLimits'];
        }
      | { type: 'welcome'; me: components['schemas']['Account']; session: string }
      | { type: 'entry'; entry: components['schemas']['Entry'] }
      | { type: 'resumed'; ref?: string | null; rooms: { [room: string]: number } }
      | { type: 'reset'; room: string; head: number }
      | { type: 'resync' }
      | { type: 'room_added'; room: string; seq: number }
      | { type: 'room_gone'; room: string; seq: number }
      | {
          type: 'ok';
          ref: string;
          seq?: number | null;
          id?: string | null;
          at?: string | null;
          repeated?: boolean;
        }
      | { type: 'error'; ref?: string | null; problem: components['schemas']['Problem'] }
      | { type: 'typing'; room: string; person: components['schemas']['Person']; on: boolean }
      | { type: 'presence'; user: string; status: components['schemas']['Status']; at: string }
      | { type: 'profile'; person: components['schemas']['Person'] }
      | { type: 'read'; room: string; seq: number; ordinal: number; mentions: number }
      | { type: 'pong'; ref?: string | null }
      | { type: 'drain'; retry_after_ms: number };
  };
}
