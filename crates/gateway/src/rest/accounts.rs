//! Registering, and what signing in has in common with it: the answer that hands out a session.

use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use chat::account::register::Registration;
use chat::account::sign_in::{Credentials, TokenPair};
use chat::account::{Account, LoginKind, Peer, ProfileChanges};
use chat::limits::COOKIE_SECONDS;
use http::request::Parts;
use http::{StatusCode, header};
use protocol::rest::{Register, SessionKind, SignedIn, Tokens};

use crate::body::Json;
use crate::refusal::Refusal;
use crate::{Gateway, State, actor, address, words};

/// Register, and be signed in. The first account of a server becomes its owner.
#[utoipa::path(post, path = "/api/v1/accounts", operation_id = "register", tag = "accounts", security(()),
    request_body = Register, responses((status = 201, body = SignedIn)))]
pub async fn register(
    Shared(gateway): Shared<State>,
    parts: Parts,
    Json(wanted): Json<Register>,
) -> Result<Response, Refusal> {
    guard(&gateway, &parts, wanted.session)?;
    let peer = address::peer(&parts);
    let registration = Registration {
        username: wanted.username,
        password: wanted.password,
        profile: ProfileChanges {
            display_name: wanted.display_name,
            first_name: wanted.first_name,
            last_name: wanted.last_name,
            email: wanted.email,
            ..ProfileChanges::default()
        },
        setup_code: wanted.setup_code,
    };
    let account = gateway.chat.register(registration, &peer).await?;
    open(&gateway, &account, wanted.session, &peer).await
}

/// A cookie is only handed to a permitted page.
pub(super) fn guard(gateway: &Gateway, parts: &Parts, session: SessionKind) -> Result<(), Refusal> {
    match session {
        SessionKind::Cookie => actor::guard_page(&gateway.settings, parts),
        SessionKind::Token => Ok(()),
    }
}

/// Opens a session and hands out what proves it.
pub(super) async fn open(
    gateway: &Gateway,
    account: &Account,
    session: SessionKind,
    peer: &Peer,
) -> Result<Response, Refusal> {
    let kind = match session {
        SessionKind::Cookie => LoginKind::Cookie,
        SessionKind::Token => LoginKind::Token,
    };
    let me = words::account(account);
    match gateway.chat.open_session(account, kind, peer).await? {
        Credentials::Cookie { session, secret, .. } => {
            let cookie = actor::set_cookie(&gateway.settings, &secret, COOKIE_SECONDS);
            let signed_in = SignedIn {
                me,
                session: session.0,
                tokens: None,
            };
            Ok((StatusCode::CREATED, [(header::SET_COOKIE, cookie)], Json(signed_in)).into_response())
        }
        Credentials::Tokens(pair) => {
            let signed_in = SignedIn {
                me,
                session: pair.session.0,
                tokens: Some(tokens(pair)),
            };
            Ok((StatusCode::CREATED, Json(signed_in)).into_response())
        }
    }
}

pub(super) fn tokens(pair: TokenPair) -> Tokens {
    Tokens {
        access_token: pair.access,
        token_type: "Bearer".to_owned(),
        expires_in: pair.expires_in,
        refresh_token: pair.refresh,
    }
}
