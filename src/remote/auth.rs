//! Who may do what: logins, rights, and where logins come from.

use std::future::Future;
use std::pin::Pin;

use zeroize::Zeroizing;

use super::endpoint::Endpoint;
use super::error::RemoteError;
pub use super::error::TOKEN_USER;
use crate::tuf::Gun;

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// What anybody may read: no login is looked up or sent.
    Public,
    /// `pull`
    Pull,
    /// `pull,push`
    Push,
    /// `*`, for deletion and key rotation.
    All,
}

impl Access {
    /// As token scopes spell it.
    pub(super) fn actions(self) -> &'static str {
        match self {
            Self::Public | Self::Pull => "pull",
            Self::Push => "pull,push",
            Self::All => "*",
        }
    }
}

/// What a right is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject<'a> {
    /// A collection or a repository of images, by the name that its server knows.
    Repository(&'a str),
    /// The list of a registry's repositories.
    Catalog,
}

impl<'a> Subject<'a> {
    /// The repository; nothing where it is all of them.
    pub(super) fn name(self) -> &'a str {
        if let Self::Repository(name) = self { name } else { "" }
    }

    /// As token scopes spell it.
    pub(super) fn scope(self, access: Access) -> String {
        match self {
            Self::Repository(name) => format!("repository:{name}:{}", access.actions()),
            Self::Catalog => format!("registry:catalog:{}", access.actions()),
        }
    }

    /// As errors name it.
    pub(super) fn words(&self) -> &str {
        match self {
            Self::Repository(name) => name,
            Self::Catalog => "its catalogue",
        }
    }
}

/// A login.
#[derive(Clone, PartialEq, Eq)]
#[allow(missing_docs)] // the variants say what their fields are
pub enum Credential {
    /// User name and password.
    Password { user: String, password: Zeroizing<String> },
    /// An identity token, exchanged for access tokens, and perhaps user and password for a server that takes none.
    IdentityToken { token: Zeroizing<String>, beside: Option<(String, Zeroizing<String>)> },
}

impl Credential {
    /// Whose it is, as errors name it.
    pub(super) fn user(&self) -> &str {
        match self {
            Self::Password { user, .. } => user,
            Self::IdentityToken { .. } => TOKEN_USER,
        }
    }

    /// An identity token and nothing beside it.
    #[must_use]
    pub fn token(token: Zeroizing<String>) -> Self {
        Self::IdentityToken { token, beside: None }
    }

    /// User and password.
    #[must_use]
    pub fn password(&self) -> Option<(&str, &Zeroizing<String>)> {
        match self {
            Self::Password { user, password } => Some((user, password)),
            Self::IdentityToken { beside, .. } => beside.as_ref().map(|(user, password)| (user.as_str(), password)),
        }
    }
}

/// A future on the heap, so that sources of credentials can be exchanged.
pub type FindCredential<'a> = Pin<Box<dyn Future<Output = Result<Option<Credential>, RemoteError>> + Send + 'a>>;

/// Where logins come from; implemented by the engine over Docker's configuration.
pub trait CredentialSource: Send + Sync {
    /// The login for a registry host (`https://index.docker.io/v1/` for Docker Hub), if there is one, to be sent to the
    /// trust server with the address `server` or where that sends logins.
    fn find<'a>(&'a self, server: &'a str, registry: &'a str) -> FindCredential<'a>;

    /// Asks a person for a login that the server wants and nobody has, or that could not be looked up; `None` where nobody
    /// can be asked.
    fn ask<'a>(&'a self, _registry: &'a str, _lacking: Option<RemoteError>) -> FindCredential<'a> {
        Box::pin(async { Ok(None) })
    }

    /// Whether credentials may go to a token realm at `realm`, another `HOST` or `HOST:PORT` than `server`'s.
    fn allows_realm(&self, server: &str, realm: &str) -> bool;

    /// Where the login for a registry was found, in words; never the login.
    fn origin(&self, _registry: &str) -> Option<String> {
        None
    }

    /// Hears that a login was refused, so that it is looked up anew next time.
    fn refused(&self, _registry: &str) {}
}

/// The key of Docker Hub's login.
pub const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// The registry whose login is used for a repository by its name; `None` where the name holds no host.
#[must_use]
pub fn named_registry(gun: &Gun) -> Option<&str> {
    match gun.host() {
        Some("docker.io" | "index.docker.io") => Some(DOCKER_HUB),
        host => host,
    }
}

/// The registry whose login is used for a repository: that of the image, not that of the trust server.
#[must_use]
pub fn registry_of<'a>(gun: &'a Gun, endpoint: &'a Endpoint) -> &'a str {
    named_registry(gun).unwrap_or(endpoint.host())
}
