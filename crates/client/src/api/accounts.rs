//! Requests about the server, the own account, sessions and other people.

use protocol::rest::{ChangePassword, ChangeProfile, ChangeRole, List, ServerInfo, Session, SetPresence, Ticket};
use protocol::shapes::{Account, Person, Role, Status};
use reqwest::Method;
use uuid::Uuid;

use super::{Api, Result};

impl Api {
    /// What the server tells everybody; works for nobody too.
    pub async fn server_info(&self) -> Result<ServerInfo> {
        self.send_once(self.open(Method::GET, "server")).await
    }

    /// The own account.
    pub async fn me(&self) -> Result<Account> {
        self.get("me", &[]).await
    }

    /// Sets the given fields of the own account.
    pub async fn change_profile(&self, changes: &ChangeProfile) -> Result<Account> {
        self.call(Method::PATCH, "me", Some(changes)).await
    }

    /// Changes the password; all other sessions end.
    pub async fn change_password(&self, change: &ChangePassword) -> Result<()> {
        self.call_quietly(Method::PUT, "me/password", Some(change)).await
    }

    /// What the event streams of this session say of oneself.
    pub async fn set_presence(&self, status: Status) -> Result<()> {
        self.call_quietly(Method::PUT, "me/presence", Some(&SetPresence { status }))
            .await
    }

    /// The own sessions.
    pub async fn sessions(&self) -> Result<Vec<Session>> {
        self.all_pages("sessions", 10).await
    }

    /// Ends one of the own sessions.
    pub async fn end_session(&self, session: Uuid) -> Result<()> {
        self.call_quietly(Method::DELETE, &format!("sessions/{session}"), None::<&()>)
            .await
    }

    /// Signs out and forgets the tokens.
    pub async fn sign_out(&self) -> Result<()> {
        self.call_quietly(Method::DELETE, "sessions/current", None::<&()>)
            .await?;
        self.keyring.keep(None);
        Ok(())
    }

    /// A ticket that opens one socket.
    pub async fn ticket(&self) -> Result<Ticket> {
        self.call(Method::POST, "ws-ticket", None::<&()>).await
    }

    /// A page of people whose name contains `query`.
    pub async fn people(&self, query: &str) -> Result<List<Person>> {
        self.get("users", &[("query", query)]).await
    }

    /// One of them.
    pub async fn person(&self, user: Uuid) -> Result<Person> {
        self.get(&format!("users/{user}"), &[]).await
    }

    /// Gives a role; needs the own password again.
    pub async fn change_role(&self, user: Uuid, role: Role, password: &str) -> Result<Account> {
        let change = ChangeRole {
            role,
            password: password.to_owned(),
        };
        self.call(Method::PUT, &format!("users/{user}/role"), Some(&change))
            .await
    }

    /// Bans somebody: all their sessions end.
    pub async fn ban(&self, user: Uuid) -> Result<Account> {
        self.call(Method::PUT, &format!("users/{user}/ban"), None::<&()>).await
    }

    /// Lifts the ban.
    pub async fn unban(&self, user: Uuid) -> Result<Account> {
        self.call(Method::DELETE, &format!("users/{user}/ban"), None::<&()>)
            .await
    }
}
