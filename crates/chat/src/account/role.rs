//! Server-wide roles: only the server's owners give them, and only with their password.

use super::{Account, Actor, Role};
use crate::Chat;
use crate::error::{Error, Result};
use crate::ids::UserId;
use crate::policy;

impl Chat {
    /// Gives somebody else a role on the server; their sessions end. Nobody changes their own role, so that the
    /// last owner cannot be lost.
    pub async fn change_role(&self, actor: &Actor, user: UserId, role: Role, password: &str) -> Result<Account> {
        if !policy::may_give_roles(actor.person.role) {
            return Err(Error::Forbidden {
                what: "give roles; ask the owner of the server",
            });
        }
        if user == actor.id() {
            return Err(Error::Forbidden {
                what: "change your own role; ask another owner of the server",
            });
        }
        if !policy::can_be_given(role) {
            return Err(Error::invalid("role", "cannot be given to an account"));
        }
        self.confirm_password(actor, password).await?;
        let account = self.ports.store.account(user).await?;
        let account = account.ok_or(Error::NotFound { what: "user" })?;
        let account = match account.person.role == role {
            // A repeat: the first try may have ended before the sessions did.
            true => account,
            false => self.ports.store.set_role(user, role).await?,
        };
        self.end_sessions_of(user, None).await?;
        Ok(account)
    }
}
