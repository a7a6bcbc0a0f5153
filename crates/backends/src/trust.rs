//! Whom TLS trusts: a server whose certificate is for the name that was asked for and comes from an authority that this
//! machine trusts. There is no half of it: a connection that is not checked could be anybody's.

use std::sync::Arc;

use anyhow::{Context, ensure};
use rustls::{ClientConfig, RootCertStore};

/// With the authorities that this machine trusts, or those in the file that `SSL_CERT_FILE` names.
pub(crate) fn checking() -> anyhow::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    ensure!(
        !roots.is_empty(),
        "this machine trusts no authority; install ca-certificates, or name a file of certificates in SSL_CERT_FILE"
    );
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("TLS cannot be used")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
