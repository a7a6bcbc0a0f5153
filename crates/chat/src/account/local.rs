//! What is done to accounts on the server's own machine (`rill admin`, `rill demo`), without anybody signed in.

use super::{Account, Actor, Role, password};
use crate::Chat;
use crate::error::{Error, Result};
use crate::ids::{SessionId, Timestamp, UserId};
use crate::policy;

impl Chat {
    /// Somebody who acts from inside the process: no session, no end.
    pub fn local_actor(&self, account: &Account) -> Actor {
        Actor {
            person: account.person.clone(),
            session: SessionId(uuid::Uuid::nil()),
            expires_at: Timestamp(i64::MAX),
        }
    }

    /// Makes an account for somebody, also where registration is closed.
    pub async fn create_user(&self, username: &str, password: &str) -> Result<Account> {
        self.make_account(username, password, Default::default(), true).await
    }

    /// Sets a new password for somebody who forgot theirs; all their sessions end.
    pub async fn reset_password(&self, user: UserId, new: &str) -> Result<()> {
        let account = self
            .ports
            .store
            .account(user)
            .await?
            .ok_or(Error::NotFound { what: "user" })?;
        password::check(new, &account.person.username)?;
        let phc = self.passwords.hash(new).await?;
        self.ports.store.set_password(user, &phc).await?;
        self.end_sessions_of(user, None).await
    }

    /// Gives a role, also that of an owner; their sessions end. The last owner stays one.
    pub async fn grant_role(&self, user: UserId, role: Role) -> Result<Account> {
        if !policy::can_be_given(role) {
            return Err(Error::invalid("role", "cannot be given to an account"));
        }
        let account = self
            .ports
            .store
            .account(user)
            .await?
            .ok_or(Error::NotFound { what: "user" })?;
        if account.person.role == Role::SuperAdmin && role != Role::SuperAdmin && self.owners().await? < 2 {
            return Err(Error::Forbidden {
                what: "take the role of the last owner; give it to somebody else first",
            });
        }
        let account = self.ports.store.set_role(user, role).await?;
        self.end_sessions_of(user, None).await?;
        Ok(account)
    }

    async fn owners(&self) -> Result<usize> {
        let mut after: Option<String> = None;
        let mut owners = 0;
        loop {
            let page = self
                .ports
                .store
                .find_people("", after.as_deref(), crate::limits::PAGE_MAX)
                .await?;
            let Some(last) = page.last() else { return Ok(owners) };
            after = Some(last.username.clone());
            owners += page.iter().filter(|person| person.role == Role::SuperAdmin).count();
        }
    }
}
