//! Where the database is: reading its address, and showing it without the password.

use std::str::FromStr;

use anyhow::{Context, bail};
use tokio_postgres::Config;

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// Whether the URL names a PostgreSQL database.
pub(crate) fn is_ours(url: &str) -> bool {
    SCHEMES.iter().any(|scheme| url.starts_with(scheme))
}

/// Reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE` with the parameters of libpq after a `?`.
pub(crate) fn parse(url: &str) -> anyhow::Result<Config> {
    // There is one way to ask for TLS here: the whole of it, which other programs call "verify-full".
    let config = Config::from_str(&url.replace("sslmode=verify-full", "sslmode=require")).with_context(|| {
        format!(
            "the database URL {} is not understood; write postgres://USER:PASSWORD@HOST/DATABASE",
            shown(url)
        )
    })?;
    if config.get_hosts().is_empty() {
        bail!(
            "the database URL {} names no host; write postgres://USER@HOST/DATABASE, or \
             postgres:///DATABASE?host=/var/run/postgresql&user=USER for a Unix socket",
            shown(url)
        );
    }
    Ok(config)
}

/// The URL of another database on the same server.
pub(crate) fn named(url: &str, database: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let query = path.find('?').map_or("", |at| &path[at..]);
    format!("{scheme}://{authority}/{database}{query}")
}

/// The URL as it may stand in a log: without the password.
pub(crate) fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let authority = match authority.rsplit_once('@') {
        Some((user, host)) => format!("{}@{host}", user.split(':').next().unwrap_or_default()),
        None => authority.to_owned(),
    };
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.to_ascii_lowercase().starts_with("password="))
        .collect();
    let mark = if kept.is_empty() { "" } else { "?" };
    format!("{scheme}://{authority}{path}{mark}{}", kept.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let cases = [
            ("postgres://rill:s3cret@db:5432/rill", "postgres://rill@db:5432/rill"),
            ("postgres://rill:s3@cret@db/rill", "postgres://rill@db/rill"),
            (
                "postgresql:///rill?password=s3cret&host=/run",
                "postgresql:///rill?host=/run",
            ),
            ("postgres://rill@db/rill?PASSWORD=s3cret", "postgres://rill@db/rill"),
            ("sqlite:a/b.db", "sqlite:a/b.db"),
        ];
        for (url, expected) in cases {
            assert_eq!(shown(url), expected);
        }
        assert_eq!(
            named("postgres:///rill?host=/run&user=rill", "other"),
            "postgres:///other?host=/run&user=rill"
        );
        assert_eq!(
            named("postgres://rill:a@db:5432", "other"),
            "postgres://rill:a@db:5432/other"
        );
        let problem = parse("postgres://rill:s3cret@db:no-port/rill").unwrap_err();
        assert!(!format!("{problem:#}").contains("s3cret"), "{problem:#}");
    }

    #[test]
    fn an_address_that_cannot_do_is_refused_with_the_fix() {
        for (url, fix) in [
            ("postgres:///rill", "postgres://USER@HOST/DATABASE"),
            (
                "postgres://rill@db/rill?sslmode=verify-ca",
                "postgres://USER:PASSWORD@HOST/DATABASE",
            ),
            (
                "postgres://rill@db/rill?colour=red",
                "postgres://USER:PASSWORD@HOST/DATABASE",
            ),
        ] {
            let problem = parse(url).unwrap_err().to_string();
            assert!(problem.contains(fix), "{problem}");
        }
        for url in [
            "postgres:///rill?host=/var/run/postgresql&user=rill",
            "postgres://rill@db/rill?sslmode=require",
            "postgres://rill@db/rill?sslmode=verify-full",
        ] {
            assert!(parse(url).is_ok(), "{url}");
        }
    }
}
