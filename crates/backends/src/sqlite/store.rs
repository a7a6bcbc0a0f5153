//! The port `Store`, each verb handed to the file that knows it.

use std::sync::Arc;

use async_trait::async_trait;
use chat::account::{Account, Avatar, Login, NewAccount, Person, ProfileChanges, Role};
use chat::error::{Error, Result};
use chat::event::{Draft, Entry, Outcome};
use chat::ids::{EntryId, RoomId, Seq, SessionId, Timestamp, UserId};
use chat::message::{Edit, Message, Page, Query, Range, Target};
use chat::ports::{DeadLetter, KeptAnswer, Store};
use chat::room::{Membership, Mine, Room};

use super::columns::integer;
use super::{
    Sqlite, accounts, answers, chores, commit, entries, index, letters, logins, members, messages, rooms, search,
};

#[async_trait]
impl Store for Sqlite {
    async fn commit(&self, batch: Vec<Draft>) -> Result<Vec<Result<Outcome>>> {
        let batch: Arc<[Draft]> = batch.into();
        let (clock, drafts) = (Arc::clone(&self.clock), Arc::clone(&batch));
        let outcomes = self
            .write(move |link| commit::together(&link.db, &drafts, clock.now()))
            .await;
        if batch.len() == 1 || !matches!(outcomes, Err(Error::Internal)) {
            return outcomes;
        }
        tracing::error!("a batch of entries failed; trying them one by one");
        let clock = Arc::clone(&self.clock);
        self.write(move |link| commit::apart(&link.db, &batch, clock.now()))
            .await
    }

    async fn epoch(&self) -> Result<String> {
        self.read(move |link| answers::epoch(&link.db)).await
    }

    async fn secret(&self, name: &str, fresh: [u8; 32]) -> Result<[u8; 32]> {
        let name = name.to_owned();
        self.write(move |link| answers::secret(&link.db, &name, fresh)).await
    }

    async fn ping(&self) -> Result<()> {
        self.read(move |link| Ok(link.db.query_row("select 1", [], |_| Ok(()))?))
            .await
    }

    async fn entries(&self, room: RoomId, after: Seq, limit: usize) -> Result<Vec<Arc<Entry>>> {
        self.read(move |link| entries::page(&link.db, room, after, limit)).await
    }

    async fn heads(&self, rooms: &[RoomId]) -> Result<Vec<Seq>> {
        let rooms = rooms.to_vec();
        self.read(move |link| rooms::heads(&link.db, &rooms)).await
    }

    async fn room(&self, room: RoomId) -> Result<Option<Room>> {
        self.read(move |link| rooms::room(&link.db, room)).await
    }

    async fn room_by_name(&self, name: &str) -> Result<Option<Room>> {
        let name = name.to_owned();
        self.read(move |link| rooms::by_name(&link.db, &name)).await
    }

    async fn general_room(&self) -> Result<Option<Room>> {
        self.read(|link| rooms::general(&link.db)).await
    }

    async fn room_by_direct_key(&self, key: &str) -> Result<Option<Room>> {
        let key = key.to_owned();
        self.read(move |link| rooms::by_direct_key(&link.db, &key)).await
    }

    async fn rooms_by_direct_key(&self, prefix: &str, limit: usize) -> Result<Vec<Room>> {
        let prefix = prefix.to_owned();
        self.read(move |link| rooms::with_direct_key(&link.db, &prefix, limit))
            .await
    }

    async fn public_rooms(&self, text: &str, after: Option<&str>, limit: usize) -> Result<Vec<Room>> {
        let (text, after) = (text.to_owned(), after.map(str::to_owned));
        self.seek(move |link| rooms::public(&link.db, &text, after.as_deref(), limit))
            .await
    }

    async fn rooms_of(&self, user: UserId, only: Option<RoomId>) -> Result<Vec<Mine>> {
        self.read(move |link| rooms::of_user(&link.db, user, only)).await
    }

    async fn rooms_left_by(&self, user: UserId) -> Result<Vec<RoomId>> {
        self.read(move |link| members::rooms_left_by(&link.db, user)).await
    }

    async fn membership(&self, room: RoomId, user: UserId) -> Result<Option<Membership>> {
        self.read(move |link| members::membership(&link.db, room, user)).await
    }

    async fn members(&self, room: RoomId, after: Option<&str>, limit: usize) -> Result<Vec<(Person, Membership)>> {
        let after = after.map(str::to_owned);
        self.read(move |link| members::page(&link.db, room, after.as_deref(), limit))
            .await
    }

    async fn mark_read(&self, room: RoomId, user: UserId, seq: Seq) -> Result<Mine> {
        self.write(move |link| rooms::mark_read(&link.db, room, user, seq))
            .await
    }

    async fn messages(&self, room: RoomId, viewer: UserId, range: Range, limit: usize) -> Result<Page> {
        self.read(move |link| messages::page(&link.db, room, viewer, range, limit))
            .await
    }

    async fn thread(&self, room: RoomId, viewer: UserId, root: Seq, range: Range, limit: usize) -> Result<Page> {
        self.read(move |link| messages::thread(&link.db, room, viewer, root, range, limit))
            .await
    }

    async fn pins(&self, room: RoomId, viewer: UserId) -> Result<Vec<Message>> {
        self.read(move |link| messages::pins(&link.db, room, viewer)).await
    }

    async fn message(&self, room: RoomId, viewer: UserId, id: EntryId) -> Result<Option<Message>> {
        self.read(move |link| messages::message(&link.db, room, viewer, id))
            .await
    }

    async fn target(&self, room: RoomId, id: EntryId) -> Result<Option<Target>> {
        self.read(move |link| messages::target(&link.db, room, id)).await
    }

    async fn edits(&self, room: RoomId, viewer: UserId, id: EntryId) -> Result<Vec<Edit>> {
        self.read(move |link| messages::edits(&link.db, room, viewer, id)).await
    }

    async fn search(
        &self,
        viewer: UserId,
        query: &Query,
        before: Option<u64>,
        limit: usize,
    ) -> Result<(Vec<Message>, Option<u64>)> {
        let query = query.clone();
        if self.read(|link| index::waiting(&link.db, 1)).await? > 0 {
            // Where nothing can be written, what is in the index already is found all the same.
            let _ = self
                .write(|link| chores::learn(link, chores::BEFORE_A_SEARCH_MAX))
                .await;
        }
        self.seek(move |link| search::search(&link.db, viewer, &query, before, limit))
            .await
    }

    async fn create_account(&self, account: NewAccount) -> Result<Account> {
        self.write(move |link| accounts::create(&link.db, &account)).await
    }

    async fn has_accounts(&self) -> Result<bool> {
        self.read(move |link| accounts::any(&link.db)).await
    }

    async fn account(&self, user: UserId) -> Result<Option<Account>> {
        self.read(move |link| accounts::account(&link.db, user)).await
    }

    async fn account_for_sign_in(&self, login: &str) -> Result<Option<(Account, String)>> {
        let login = login.to_owned();
        self.read(move |link| accounts::for_sign_in(&link.db, &login)).await
    }

    async fn password_of(&self, user: UserId) -> Result<Option<String>> {
        self.read(move |link| accounts::password(&link.db, user)).await
    }

    async fn set_password(&self, user: UserId, phc: &str) -> Result<()> {
        let phc = phc.to_owned();
        self.write(move |link| accounts::set_password(&link.db, user, &phc))
            .await
    }

    async fn replace_password(&self, user: UserId, old: &str, new: &str) -> Result<bool> {
        let (old, new) = (old.to_owned(), new.to_owned());
        self.write(move |link| accounts::replace_password(&link.db, user, &old, &new))
            .await
    }

    async fn change_profile(&self, user: UserId, changes: ProfileChanges, revision: Option<u64>) -> Result<Account> {
        self.write(move |link| accounts::change_profile(&link.db, user, &changes, revision))
            .await
    }

    async fn set_role(&self, user: UserId, role: Role) -> Result<Account> {
        self.write(move |link| accounts::set_role(&link.db, user, role)).await
    }

    async fn set_banned(&self, user: UserId, banned: Option<Timestamp>) -> Result<Account> {
        self.write(move |link| accounts::set_banned(&link.db, user, banned))
            .await
    }

    async fn people_by_username(&self, names: &[String]) -> Result<Vec<Person>> {
        let names = names.to_vec();
        self.read(move |link| accounts::people_by_username(&link.db, &names))
            .await
    }

    async fn person_from(&self, first: UserId) -> Result<Option<Person>> {
        self.read(move |link| accounts::person_from(&link.db, first)).await
    }

    async fn find_people(&self, text: &str, after: Option<&str>, limit: usize) -> Result<Vec<Person>> {
        let (text, after) = (text.to_owned(), after.map(str::to_owned));
        self.seek(move |link| accounts::find(&link.db, &text, after.as_deref(), limit))
            .await
    }

    async fn set_avatar(&self, user: UserId, avatar: Option<Avatar>) -> Result<Account> {
        self.write(move |link| accounts::set_avatar(&link.db, user, avatar.as_ref()))
            .await
    }

    async fn avatar(&self, id: &str) -> Result<Option<Avatar>> {
        let id = id.to_owned();
        self.read(move |link| accounts::avatar(&link.db, &id)).await
    }

    async fn add_login(&self, login: Login) -> Result<Vec<SessionId>> {
        let now = self.clock.now();
        self.write(move |link| logins::add(&link.db, &login, now)).await
    }

    async fn login(&self, session: SessionId) -> Result<Option<Login>> {
        let now = self.clock.now();
        self.read(move |link| logins::login(&link.db, session, now)).await
    }

    async fn login_by_secret(&self, hash: &[u8]) -> Result<Option<Login>> {
        let (hash, now) = (hash.to_vec(), self.clock.now());
        self.read(move |link| logins::by_secret(&link.db, &hash, now)).await
    }

    async fn login_by_refresh(&self, hash: &[u8]) -> Result<Option<Login>> {
        let (hash, now) = (hash.to_vec(), self.clock.now());
        self.read(move |link| logins::by_refresh(&link.db, &hash, now)).await
    }

    async fn rotate_login(&self, session: SessionId, old: &[u8], new: &[u8], expires: Timestamp) -> Result<bool> {
        let (old, new, now) = (old.to_vec(), new.to_vec(), self.clock.now());
        self.write(move |link| logins::rotate(&link.db, session, &old, &new, expires, now))
            .await
    }

    async fn touch_login(&self, session: SessionId, seen: Timestamp) -> Result<()> {
        self.write(move |link| logins::touch(&link.db, session, seen)).await
    }

    async fn logins_of(&self, user: UserId) -> Result<Vec<Login>> {
        let now = self.clock.now();
        self.read(move |link| logins::of_user(&link.db, user, now)).await
    }

    async fn end_login(&self, session: SessionId) -> Result<bool> {
        self.write(move |link| logins::end(&link.db, session)).await
    }

    async fn end_logins_of(&self, user: UserId, except: Option<SessionId>) -> Result<Vec<SessionId>> {
        self.write(move |link| logins::end_all(&link.db, user, except)).await
    }

    async fn add_ticket(&self, hash: &[u8], session: SessionId, expires: Timestamp) -> Result<()> {
        let (hash, now) = (hash.to_vec(), self.clock.now());
        self.write(move |link| logins::add_ticket(&link.db, &hash, session, expires, now))
            .await
    }

    async fn take_ticket(&self, hash: &[u8], now: Timestamp) -> Result<Option<SessionId>> {
        let hash = hash.to_vec();
        self.write(move |link| logins::take_ticket(&link.db, &hash, now)).await
    }

    async fn kept_answer(&self, user: UserId, key: &str) -> Result<Option<KeptAnswer>> {
        let (key, now) = (key.to_owned(), self.clock.now());
        self.read(move |link| answers::kept(&link.db, user, &key, now)).await
    }

    async fn keep_answer(&self, user: UserId, key: &str, answer: KeptAnswer, now: Timestamp) -> Result<()> {
        let key = key.to_owned();
        self.write(move |link| answers::keep(&link.db, user, &key, &answer, now))
            .await
    }

    async fn bury(&self, letter: DeadLetter) -> Result<()> {
        let now = self.clock.now();
        self.write(move |link| letters::bury(&link.db, &letter, now)).await
    }

    async fn dead_letters(&self, after: i64, limit: usize) -> Result<Vec<DeadLetter>> {
        self.read(move |link| letters::page(&link.db, after, integer(limit as u64)))
            .await
    }

    async fn exhume(&self, id: i64) -> Result<Option<DeadLetter>> {
        self.write(move |link| letters::exhume(&link.db, id)).await
    }

    async fn active_rooms(&self, limit: usize) -> Result<Vec<(RoomId, Seq)>> {
        self.read(move |link| rooms::active(&link.db, limit)).await
    }
}
