//! The cryptography of TLS.

use std::sync::{Arc, Once};

use rustls::crypto::CryptoProvider;

/// What the process chose before, else ours.
pub(super) fn provider() -> Arc<CryptoProvider> {
    static CHOICE: Once = Once::new();
    // Fails only if somebody was first, and then there is a provider.
    CHOICE.call_once(|| drop(rustls::crypto::aws_lc_rs::default_provider().install_default()));
    let ours = || Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    CryptoProvider::get_default().map_or_else(ours, Arc::clone)
}
