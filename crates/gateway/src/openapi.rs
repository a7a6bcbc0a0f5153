//! The description of the API (OpenAPI 3.1), collected from the handlers; the frames of sockets stand among its components.

use protocol::error::Problem;
use protocol::live::{Command, Frame};
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, HttpMethod, Object, OpenApi as Document, PathItem, Ref, RefOr, Required, Response, ResponseBuilder,
    Type,
};
use utoipa::{Modify, OpenApi};

/// The description as JSON, indented, always in the same order.
pub fn openapi_json() -> String {
    let mut document = crate::api().into_openapi();
    complete(&mut document);
    match serde_json::to_value(&document).and_then(|value| serde_json::to_string_pretty(&value)) {
        Ok(text) => text + "\n",
        Err(_) => String::new(),
    }
}

/// What the description says before any handler adds to it.
pub(crate) fn preface() -> Document {
    Preface::openapi()
}

/// What all operations have in common: refusals, and the two doors for sockets and streams.
pub(crate) fn complete(document: &mut Document) {
    let sockets = [("/api/v1/ws", socket()), ("/api/v1/events", stream())];
    for (path, item) in sockets {
        document.paths.paths.insert(path.to_owned(), item);
    }
    if let Some(components) = &mut document.components {
        components.responses.insert("Problem".to_owned(), RefOr::T(problem()));
    }
    for item in document.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.patch,
            &mut item.delete,
        ];
        for operation in operations.into_iter().flatten() {
            let refused = RefOr::Ref(Ref::from_response_name("Problem"));
            operation.responses.responses.insert("default".to_owned(), refused);
        }
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Rill",
        description = "Real-time chat. The words behind this description are in docs/protocol.md."
    ),
    servers((url = "/")),
    components(schemas(Command, Frame, Problem)),
    security(("bearer" = []), ("cookie" = [])),
    modifiers(&Schemes),
    tags(
        (name = "server", description = "What is known before anybody signs in"),
        (name = "accounts", description = "Registering"),
        (name = "sessions", description = "Signing in and out"),
        (name = "me", description = "One's own account"),
        (name = "users", description = "Other people"),
        (name = "rooms", description = "Where people talk"),
        (name = "members", description = "Who is in a room"),
        (name = "messages", description = "What people say"),
        (name = "reactions", description = "Emoji and pins"),
        (name = "search", description = "Finding messages"),
        (name = "webhooks", description = "Other services that are told of what happens"),
        (name = "live", description = "What happens, as it happens")
    )
)]
struct Preface;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut Document) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .build();
        let cookie = ApiKeyValue::with_description(
            "__Host-rill",
            "Set by signing in with `session: cookie`; `rill` on plain loopback. Needs a permitted Origin, and `X-Rill: 1` on changes.",
        );
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

fn problem() -> Response {
    let body = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    ResponseBuilder::new()
        .description("Refused: a problem object (RFC 9457) with a stable `code`")
        .content("application/problem+json", body)
        .build()
}

fn socket() -> PathItem {
    let operation = OperationBuilder::new()
        .operation_id(Some("open_socket"))
        .tag("live")
        .summary(Some(
            "A WebSocket (RFC 6455): each text frame is a `Command` or a `Frame`",
        ))
        .response("101", ResponseBuilder::new().description("The socket is open").build());
    PathItem::new(HttpMethod::Get, operation)
}

fn stream() -> PathItem {
    let text = |name: &str, place: ParameterIn, description: &str| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(place)
            .required(Required::False)
            .description(Some(description))
            .schema(Some(Object::with_type(Type::String)))
            .build()
    };
    let body = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Frame")))
        .build();
    let operation = OperationBuilder::new()
        .operation_id(Some("open_events"))
        .tag("live")
        .summary(Some(
            "Server-sent events: each `data:` is a `Frame`, each `id:` a cursor over all rooms",
        ))
        .parameter(text(
            "last_event_id",
            ParameterIn::Query,
            "The `id:` to continue from; the header goes first",
        ))
        .parameter(text(
            "rooms",
            ParameterIn::Query,
            "`<room>:<seq>,…`: where pages were loaded",
        ))
        .parameter(text(
            "epoch",
            ParameterIn::Query,
            "The epoch that `rooms` belongs to: of another one, every room named is `reset`",
        ))
        .parameter(text("Last-Event-ID", ParameterIn::Header, "The `id:` to continue from"))
        .response(
            "200",
            ResponseBuilder::new()
                .description("The stream")
                .content("text/event-stream", body)
                .build(),
        );
    PathItem::new(HttpMethod::Get, operation)
}

#[cfg(test)]
mod tests;
