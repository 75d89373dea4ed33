//! Which trust server a repository has, and the one kept client for it.

use super::{Engine, EngineError, Settings, Status};
use crate::remote::NotaryServer;
use crate::tuf::Gun;

/// Kept clients, one for each address and registry.
pub(super) struct Servers {}

impl Servers {
    /// Nothing is asked or sent.
    pub(super) fn open(settings: &Settings) -> Result<Self, EngineError> {
        let _ = settings;
        Ok(Self {})
    }
}

/// For the rest of the engine.
#[allow(unused_variables, dead_code)]
impl Engine {
    /// The base URL of a repository's server (no trailing slash) and why that one. Never asks the network.
    ///
    /// # Errors
    /// `Input`, `Remote(Setting)`.
    pub(super) fn server_address(&self, gun: &Gun) -> Result<(String, String), EngineError> {
        todo!()
    }

    /// The client for a repository's server, made on first use.
    pub(super) async fn server(&self, gun: &Gun) -> Result<NotaryServer, EngineError> {
        todo!()
    }

    /// Wraps a remote error for a repository.
    pub(super) fn remote(gun: &Gun) -> impl FnOnce(crate::remote::RemoteError) -> EngineError {
        let gun = gun.clone();
        move |source| EngineError::Remote { gun: Some(gun), source }
    }
}

#[allow(unused_variables)]
impl Engine {
    /// What was chosen and why; `gun` for the server's sake. Never asks the network.
    #[must_use]
    pub fn status(&self, gun: Option<&Gun>) -> Status {
        todo!()
    }

    /// Remembers that credentials may go to this token realm.
    pub fn accept_realm(&self, host: &str) -> Result<(), EngineError> {
        todo!()
    }

    /// Credentials for a registry host, for this process only.
    pub fn log_in(&self, host: &str, user: &str, password: crate::keys::Passphrase) {
        todo!()
    }
}
