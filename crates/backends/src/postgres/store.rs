//! The port `Store`, each verb handed to the file that knows it.

use std::sync::Arc;

use async_trait::async_trait;
use chat::account::{Account, Avatar, Login, NewAccount, Person, ProfileChanges, Role};
use chat::error::Result;
use chat::event::{Draft, Entry, Outcome};
use chat::ids::{EntryId, RoomId, Seq, SessionId, Timestamp, UserId};
use chat::message::{Edit, Message, Page, Query, Range, Target};
use chat::ports::{DeadLetter, KeptAnswer, Store};
use chat::room::{Membership, Mine, Room};

use super::columns::integer;
use super::fault::Fault;
use super::{
    Postgres, accounts, answers, commit, entries, finish, letters, logins, members, messages, reading, rooms, search,
    seeking, writing,
};

#[async_trait]
impl Store for Postgres {
    async fn commit(&self, batch: Vec<Draft>) -> Result<Vec<Result<Outcome>>> {
        let outcomes = commit::commit(&self.links, &batch, self.clock.now()).await?;
        self.tidy.note(&outcomes, &self.links);
        Ok(outcomes)
    }

    async fn epoch(&self) -> Result<String> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = answers::epoch(&tx).await;
        answer.map_err(Fault::into_error)
    }

    async fn secret(&self, name: &str, fresh: [u8; 32]) -> Result<[u8; 32]> {
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let answer = answers::secret(&tx, name, fresh).await;
        finish(tx, answer).await
    }

    async fn ping(&self) -> Result<()> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = tx.batch_execute("select 1").await.map_err(Fault::from);
        answer.map_err(Fault::into_error)
    }

    async fn entries(&self, room: RoomId, after: Seq, limit: usize) -> Result<Vec<Arc<Entry>>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = entries::page(&tx, room, after, limit).await;
        #[cfg(feature = "planted")]
        if chat::planted::has(chat::planted::Bug::StaleReads) {
            return answer
                .map(|page| crate::planted::stale(room, page))
                .map_err(Fault::into_error);
        }
        answer.map_err(Fault::into_error)
    }

    async fn heads(&self, rooms: &[RoomId]) -> Result<Vec<Seq>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = rooms::heads(&tx, rooms).await;
        answer.map_err(Fault::into_error)
    }

    async fn room(&self, room: RoomId) -> Result<Option<Room>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = rooms::room(&tx, room).await;
        answer.map_err(Fault::into_error)
    }

    async fn room_by_name(&self, name: &str) -> Result<Option<Room>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = rooms::by_name(&tx, name).await;
        answer.map_err(Fault::into_error)
    }

    async fn general_room(&self) -> Result<Option<Room>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = rooms::general(&tx).await;
        answer.map_err(Fault::into_error)
    }

    async fn room_by_direct_key(&self, key: &str) -> Result<Option<Room>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = rooms::by_direct_key(&tx, key).await;
        answer.map_err(Fault::into_error)
    }

    async fn rooms_by_direct_key(&self, prefix: &str, limit: usize) -> Result<Vec<Room>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = rooms::with_direct_key(&tx, prefix, limit).await;
        answer.map_err(Fault::into_error)
    }

    async fn public_rooms(&self, text: &str, after: Option<&str>, limit: usize) -> Result<Vec<Room>> {
        let _turn = self.turn().await?;
        let mut link = self.link().await?;
        let tx = seeking(&mut link).await?;
        let answer = rooms::public(&tx, text, after, limit).await;
        answer.map_err(Fault::into_error)
    }

    async fn rooms_of(&self, user: UserId, only: Option<RoomId>) -> Result<Vec<Mine>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = rooms::of_user(&tx, user, only).await;
        answer.map_err(Fault::into_error)
    }

    async fn rooms_left_by(&self, user: UserId) -> Result<Vec<RoomId>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = members::rooms_left_by(&tx, user).await;
        answer.map_err(Fault::into_error)
    }

    async fn membership(&self, room: RoomId, user: UserId) -> Result<Option<Membership>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = members::membership(&tx, room, user).await;
        answer.map_err(Fault::into_error)
    }

    async fn members(&self, room: RoomId, after: Option<&str>, limit: usize) -> Result<Vec<(Person, Membership)>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = members::page(&tx, room, after, limit).await;
        answer.map_err(Fault::into_error)
    }

    async fn mark_read(&self, room: RoomId, user: UserId, seq: Seq) -> Result<Mine> {
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let answer = rooms::mark_read(&tx, room, user, seq).await;
        finish(tx, answer).await
    }

    async fn messages(&self, room: RoomId, viewer: UserId, range: Range, limit: usize) -> Result<Page> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = messages::page(&tx, room, viewer, range, limit).await;
        answer.map_err(Fault::into_error)
    }

    async fn thread(&self, room: RoomId, viewer: UserId, root: Seq, range: Range, limit: usize) -> Result<Page> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = messages::thread(&tx, room, viewer, root, range, limit).await;
        answer.map_err(Fault::into_error)
    }

    async fn pins(&self, room: RoomId, viewer: UserId) -> Result<Vec<Message>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = messages::pins(&tx, room, viewer).await;
        answer.map_err(Fault::into_error)
    }

    async fn message(&self, room: RoomId, viewer: UserId, id: EntryId) -> Result<Option<Message>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = messages::message(&tx, room, viewer, id).await;
        answer.map_err(Fault::into_error)
    }

    async fn target(&self, room: RoomId, id: EntryId) -> Result<Option<Target>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = messages::target(&tx, room, id).await;
        answer.map_err(Fault::into_error)
    }

    async fn edits(&self, room: RoomId, viewer: UserId, id: EntryId) -> Result<Vec<Edit>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = messages::edits(&tx, room, viewer, id).await;
        answer.map_err(Fault::into_error)
    }

    async fn search(
        &self,
        viewer: UserId,
        query: &Query,
        before: Option<u64>,
        limit: usize,
    ) -> Result<(Vec<Message>, Option<u64>)> {
        let _turn = self.turn().await?;
        let mut link = self.link().await?;
        let tx = seeking(&mut link).await?;
        let answer = search::search(&tx, viewer, query, before, limit).await;
        answer.map_err(Fault::into_error)
    }

    async fn create_account(&self, account: NewAccount) -> Result<Account> {
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let answer = accounts::create(&tx, &account).await;
        finish(tx, answer).await
    }

    async fn has_accounts(&self) -> Result<bool> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = accounts::any(&tx).await;
        answer.map_err(Fault::into_error)
    }

    async fn account(&self, user: UserId) -> Result<Option<Account>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = accounts::account(&tx, user).await;
        answer.map_err(Fault::into_error)
    }

    async fn account_for_sign_in(&self, login: &str) -> Result<Option<(Account, String)>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = accounts::for_sign_in(&tx, login).await;
        answer.map_err(Fault::into_error)
    }

    async fn password_of(&self, user: UserId) -> Result<Option<String>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = accounts::password(&tx, user).await;
        answer.map_err(Fault::into_error)
    }

    async fn set_password(&self, user: UserId, phc: &str) -> Result<()> {
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let answer = accounts::set_password(&tx, user, phc).await;
        finish(tx, answer).await
    }

    async fn replace_password(&self, user: UserId, old: &str, new: &str) -> Result<bool> {
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let answer = accounts::replace_password(&tx, user, old, new).await;
        finish(tx, answer).await
    }

    async fn change_profile(&self, user: UserId, changes: ProfileChanges, revision: Option<u64>) -> Result<Account> {
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let answer = accounts::change_profile(&tx, user, &changes, revision).await;
        finish(tx, answer).await
    }

    async fn set_role(&self, user: UserId, role: Role) -> Result<Account> {
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let answer = accounts::set_role(&tx, user, role).await;
        finish(tx, answer).await
    }

    async fn set_banned(&self, user: UserId, banned: Option<Timestamp>) -> Result<Account> {
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let answer = accounts::set_banned(&tx, user, banned).await;
        finish(tx, answer).await
    }

    async fn people_by_username(&self, names: &[String]) -> Result<Vec<Person>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = accounts::people_by_username(&tx, names).await;
        answer.map_err(Fault::into_error)
    }

    async fn person_from(&self, first: UserId) -> Result<Option<Person>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = accounts::person_from(&tx, first).await;
        answer.map_err(Fault::into_error)
    }

    async fn find_people(&self, text: &str, after: Option<&str>, limit: usize) -> Result<Vec<Person>> {
        let _turn = self.turn().await?;
        let mut link = self.link().await?;
        let tx = seeking(&mut link).await?;
        let answer = accounts::find(&tx, text, after, limit).await;
        answer.map_err(Fault::into_error)
    }

    async fn set_avatar(&self, user: UserId, avatar: Option<Avatar>) -> Result<Account> {
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let answer = accounts::set_avatar(&tx, user, avatar.as_ref()).await;
        finish(tx, answer).await
    }

    async fn avatar(&self, id: &str) -> Result<Option<Avatar>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = accounts::avatar(&tx, id).await;
        answer.map_err(Fault::into_error)
    }

    async fn add_login(&self, login: Login) -> Result<Vec<SessionId>> {
        let now = self.clock.now();
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let answer = logins::add(&tx, &login, now).await;
        finish(tx, answer).await
    }

    async fn login(&self, session: SessionId) -> Result<Option<Login>> {
        let now = self.clock.now();
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = logins::login(&tx, session, now).await;
        answer.map_err(Fault::into_error)
    }

    async fn login_by_secret(&self, hash: &[u8]) -> Result<Option<Login>> {
        let now = self.clock.now();
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = logins::by_secret(&tx, hash, now).await;
        answer.map_err(Fault::into_error)
    }

    async fn login_by_refresh(&self, hash: &[u8]) -> Result<Option<Login>> {
        let now = self.clock.now();
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = logins::by_refresh(&tx, hash, now).await;
        answer.map_err(Fault::into_error)
    }

    async fn rotate_login(&self, session: SessionId, old: &[u8], new: &[u8], expires: Timestamp) -> Result<bool> {
        let now = self.clock.now();
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let answer = logins::rotate(&tx, session, old, new, expires, now).await;
        finish(tx, answer).await
    }

    async fn touch_login(&self, session: SessionId, seen: Timestamp) -> Result<()> {
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let answer = logins::touch(&tx, session, seen).await;
        finish(tx, answer).await
    }

    async fn logins_of(&self, user: UserId) -> Result<Vec<Login>> {
        let now = self.clock.now();
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = logins::of_user(&tx, user, now).await;
        answer.map_err(Fault::into_error)
    }

    async fn end_login(&self, session: SessionId) -> Result<bool> {
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let answer = logins::end(&tx, session).await;
        finish(tx, answer).await
    }

    async fn end_logins_of(&self, user: UserId, except: Option<SessionId>) -> Result<Vec<SessionId>> {
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let answer = logins::end_all(&tx, user, except).await;
        finish(tx, answer).await
    }

    async fn add_ticket(&self, hash: &[u8], session: SessionId, expires: Timestamp) -> Result<()> {
        let now = self.clock.now();
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let answer = logins::add_ticket(&tx, hash, session, expires, now).await;
        finish(tx, answer).await
    }

    async fn take_ticket(&self, hash: &[u8], now: Timestamp) -> Result<Option<SessionId>> {
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let answer = logins::take_ticket(&tx, hash, now).await;
        finish(tx, answer).await
    }

    async fn kept_answer(&self, user: UserId, key: &str) -> Result<Option<KeptAnswer>> {
        let now = self.clock.now();
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = answers::kept(&tx, user, key, now).await;
        answer.map_err(Fault::into_error)
    }

    async fn keep_answer(&self, user: UserId, key: &str, answer: KeptAnswer, now: Timestamp) -> Result<()> {
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let answer = answers::keep(&tx, user, key, &answer, now).await;
        finish(tx, answer).await
    }

    async fn bury(&self, letter: DeadLetter) -> Result<()> {
        let now = self.clock.now();
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let answer = letters::bury(&tx, &letter, now).await;
        finish(tx, answer).await
    }

    async fn dead_letters(&self, after: i64, limit: usize) -> Result<Vec<DeadLetter>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = letters::page(&tx, after, integer(limit as u64)).await;
        answer.map_err(Fault::into_error)
    }

    async fn exhume(&self, id: i64) -> Result<Option<DeadLetter>> {
        let mut link = self.link().await?;
        let tx = writing(&mut link).await?;
        let answer = letters::exhume(&tx, id).await;
        finish(tx, answer).await
    }

    async fn active_rooms(&self, limit: usize) -> Result<Vec<(RoomId, Seq)>> {
        let mut link = self.link().await?;
        let tx = reading(&mut link).await?;
        let answer = rooms::active(&tx, limit).await;
        answer.map_err(Fault::into_error)
    }
}
