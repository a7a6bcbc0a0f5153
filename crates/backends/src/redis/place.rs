//! Where Redis is: one address, or several of the same Redis Cluster, with commas between.

use anyhow::{Context, Result, ensure};
use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion};

/// The addresses that are asked first, in this order: `redis://[user:password@]host[:port][/db]`, `rediss:` for TLS with
/// a certificate from an authority that this machine trusts (or one in the file `SSL_CERT_FILE`), also `unix:`.
pub(crate) fn parse(text: &str) -> Result<Vec<ConnectionInfo>> {
    text.split(',').map(str::trim).map(one).collect()
}

fn one(url: &str) -> Result<ConnectionInfo> {
    let advice = "write redis://HOST:6379, rediss://… for TLS, or several with commas between for a Redis Cluster";
    let info = url
        .into_connection_info()
        .with_context(|| format!("`{}` is no address of a Redis server: {advice}", shown(url)))?;
    // The third version of the protocol tells hints and answers apart on one connection.
    ensure!(
        !matches!(info.addr(), ConnectionAddr::TcpTls { insecure: true, .. }),
        "`{}`: a certificate that nobody checks could be anybody's; leave out #insecure",
        shown(url)
    );
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    Ok(info.set_redis_settings(settings))
}

/// The addresses as they may be shown and logged: without passwords.
pub(crate) fn shown(text: &str) -> String {
    let hide = |url: &str| match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://…@{place}"),
        _ => url.trim().to_owned(),
    };
    text.split(',').map(hide).collect::<Vec<_>>().join(",")
}

pub(crate) fn client(info: &ConnectionInfo) -> Result<Client> {
    // Only the first call sets it; PostgreSQL's connections use the same provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(Client::open(info.clone())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_and_several_are_understood_and_nonsense_is_explained() {
        assert_eq!(parse("redis://127.0.0.1:7000").unwrap().len(), 1);
        assert_eq!(parse("redis://a:1, redis://b:2/0").unwrap().len(), 2);
        let refusal = parse("http://a").unwrap_err().to_string();
        assert!(refusal.contains("redis://HOST:6379"), "{refusal}");
        assert_eq!(parse("rediss://a:1,rediss://b:2").unwrap().len(), 2);
        let refusal = parse("rediss://a/#insecure").unwrap_err().to_string();
        assert!(refusal.contains("nobody checks"), "{refusal}");
    }

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(shown("redis://ada:secret@h:1,redis://i:2"), "redis://…@h:1,redis://i:2");
        let refusal = parse("redi://ada:secret@h").unwrap_err();
        assert!(!format!("{refusal:#}").contains("secret"), "{refusal:#}");
    }
}
