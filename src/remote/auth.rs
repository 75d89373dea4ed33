//! Logins: Basic and the Docker registry token protocol.

use std::future::Future;
use std::pin::Pin;

use zeroize::Zeroizing;

use super::RemoteError;

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// `pull`
    Pull,
    /// `pull,push`
    Push,
    /// `*`, for deletion and key rotation.
    All,
}

/// A login.
#[derive(Clone)]
pub enum Credential {
    /// User name and password.
    Password { user: String, password: Zeroizing<String> },
    /// An identity token, exchanged for access tokens.
    IdentityToken(Zeroizing<String>),
}

/// Where logins come from; implemented by the engine over Docker's configuration.
pub trait CredentialSource: Send + Sync {
    /// The login for a registry host (`https://index.docker.io/v1/` for Docker Hub), if there is one.
    fn find<'a>(
        &'a self,
        registry: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Option<Credential>, RemoteError>> + Send + 'a>>;

    /// Whether credentials may go to a token realm on `realm`, another host than `server`.
    fn allows_realm(&self, server: &str, realm: &str) -> bool;
}
