//! Whose page is asking: the rules about `Origin`, `Sec-Fetch-Site` and `Host`.

use http::request::Parts;
use http::{HeaderMap, header};

use crate::settings::GatewaySettings;

/// What the `Origin` header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Not a page, or a page's plain GET to its own server.
    Absent,
    /// A page of this server.
    Own,
    /// A page of an origin that the operator named.
    Listed,
    /// Somebody else's page.
    Foreign,
}

/// Compares scheme, host and port, exactly.
pub fn of(settings: &GatewaySettings, parts: &Parts) -> Origin {
    let mut origins = parts.headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else {
        return Origin::Absent;
    };
    let (Ok(origin), None) = (origin.to_str(), origins.next()) else {
        return Origin::Foreign;
    };
    if settings.origins.iter().any(|listed| listed == origin) {
        return Origin::Listed;
    }
    let scheme = if settings.secure { "https://" } else { "http://" };
    match (origin.strip_prefix(scheme), host(parts)) {
        (Some(authority), Some(host)) if authority == host && host_is_ours(settings, parts) => Origin::Own,
        _ => Origin::Foreign,
    }
}

/// Whether the browser says that the request comes from a page of the same origin, or from the address bar.
/// `None`: it says nothing (not a browser, an old one, or plain HTTP beyond loopback).
pub fn fetched_from_here(headers: &HeaderMap) -> Option<bool> {
    let site = headers.get("sec-fetch-site")?;
    Some(site == "same-origin" || site == "none")
}

/// Whether the request names this server; keeps pages out whose own name was made to point here.
pub fn host_is_ours(settings: &GatewaySettings, parts: &Parts) -> bool {
    let Some(hosts) = &settings.hosts else {
        return true;
    };
    let Some(host) = host(parts) else {
        return false;
    };
    let name = without_port(host).to_ascii_lowercase();
    ["localhost", "127.0.0.1", "[::1]"].contains(&name.as_str())
        || hosts.iter().any(|ours| without_port(ours).eq_ignore_ascii_case(&name))
}

/// The one host that the request names.
fn host(parts: &Parts) -> Option<&str> {
    if let Some(authority) = parts.uri.authority() {
        return Some(authority.as_str());
    }
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        _ => None,
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(secure: bool, origins: &[&str], hosts: Option<&[&str]>) -> GatewaySettings {
        GatewaySettings {
            secure,
            origins: origins.iter().map(|&origin| origin.to_owned()).collect(),
            hosts: hosts.map(|hosts| hosts.iter().map(|&host| host.to_owned()).collect()),
            ..GatewaySettings::default()
        }
    }

    fn parts(host: &str, origin: Option<&str>) -> Parts {
        let mut request = http::Request::builder().uri("/api/v1/ws").header("host", host);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        request.body(()).expect("a request").into_parts().0
    }

    #[test]
    fn an_origin_is_permitted_only_if_scheme_host_and_port_are_the_same() {
        let open = settings(true, &["https://friend.example"], None);
        let judge = |origin| of(&open, &parts("chat.example", Some(origin)));
        assert_eq!(judge("https://chat.example"), Origin::Own);
        assert_eq!(judge("https://friend.example"), Origin::Listed);
        for foreign in [
            "http://chat.example",
            "https://chat.example:8443",
            "https://CHAT.example",
            "https://chat.example.evil",
            "https://evil.test",
            "https://chat.example@evil.test",
            "https://sub.friend.example",
            "null",
            "",
            "chat.example",
        ] {
            assert_eq!(judge(foreign), Origin::Foreign, "{foreign}");
        }
        assert_eq!(of(&open, &parts("chat.example", None)), Origin::Absent);
    }

    #[test]
    fn two_origins_are_no_origin() {
        let mut two = parts("chat.example", Some("https://chat.example"));
        two.headers
            .append("origin", "https://evil.test".parse().expect("a header"));
        assert_eq!(of(&settings(true, &[], None), &two), Origin::Foreign);
    }

    #[test]
    fn a_rebound_name_is_not_ours() {
        let loopback = settings(false, &[], Some(&["Chat.example:8443"]));
        for ours in [
            "localhost:8080",
            "127.0.0.1:1",
            "[::1]:8080",
            "LOCALHOST",
            "chat.example",
        ] {
            assert!(host_is_ours(&loopback, &parts(ours, None)), "{ours}");
        }
        for foreign in [
            "evil.test:8080",
            "evil.test",
            "127.0.0.1.evil.test",
            "localhost.evil.test:80",
        ] {
            assert!(!host_is_ours(&loopback, &parts(foreign, None)), "{foreign}");
            let origin = format!("http://{foreign}");
            assert_eq!(
                of(&loopback, &parts(foreign, Some(&origin))),
                Origin::Foreign,
                "{foreign}"
            );
        }
    }
}
