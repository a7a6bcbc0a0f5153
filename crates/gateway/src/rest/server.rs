//! What a client wants to know before anybody signs in.

use axum::extract::State as Shared;
use protocol::FEATURE_LEVEL;
use protocol::rest::ServerInfo;

use crate::State;
use crate::body::Json;
use crate::refusal::Refusal;

/// What this server is, and how to get in.
#[utoipa::path(get, path = "/api/v1/server", operation_id = "show_server", tag = "server", security(()),
    responses((status = 200, body = ServerInfo)))]
pub async fn server(Shared(gateway): Shared<State>) -> Result<Json<ServerInfo>, Refusal> {
    let settings = gateway.chat.settings();
    let first_account = gateway.chat.first_account().await?;
    Ok(Json(ServerInfo {
        name: gateway.settings.name.clone(),
        version: gateway.settings.version.clone(),
        protocol: "rill/1".to_owned(),
        feature_level: FEATURE_LEVEL,
        epoch: gateway.chat.epoch().to_owned(),
        registration_open: settings.registration_open || first_account,
        first_account,
        setup_code_needed: first_account && settings.setup_code.is_some(),
    }))
}
