//! Banning: the account stays, with all that it said, but nobody can come in with it.

use super::{Account, Actor};
use crate::Chat;
use crate::error::{Error, Result};
use crate::ids::{Timestamp, UserId};
use crate::policy;

impl Chat {
    /// Bans somebody of a lower role; all their sessions end.
    pub async fn ban(&self, actor: &Actor, user: UserId) -> Result<Account> {
        let account = self.set_banned(actor, user, Some(self.now())).await?;
        self.end_sessions_of(user, None).await?;
        Ok(account)
    }

    /// Lets somebody in again.
    pub async fn unban(&self, actor: &Actor, user: UserId) -> Result<Account> {
        self.set_banned(actor, user, None).await
    }

    async fn set_banned(&self, actor: &Actor, user: UserId, banned: Option<Timestamp>) -> Result<Account> {
        if !actor.is_admin() {
            return Err(Error::Forbidden {
                what: "ban people; ask an administrator",
            });
        }
        let account = self.ports.store.account(user).await?;
        let account = account.ok_or(Error::NotFound { what: "user" })?;
        if !policy::may_ban(actor.person.role, account.person.role) {
            return Err(Error::Forbidden {
                what: "ban somebody of your own role or above",
            });
        }
        if account.banned_at.is_some() == banned.is_some() {
            return Ok(account);
        }
        self.ports.store.set_banned(user, banned).await
    }
}
