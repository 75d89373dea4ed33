//! Notary's HTTP API, as a client. Source: notary-v1.md sections 11 and 13.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::RemoteError;
use super::auth::{Access, CredentialSource};
use super::http::{Endpoint, Limits, TlsMaterial};
use crate::tuf::{Gun, PublicKey, Role};

/// A file that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// `<role>.json`, the latest.
    Current(Role),
    /// `<role>.<sha256>.json`.
    ByHash { role: Role, sha256: String },
    /// `<n>.root.json`.
    Version { role: Role, version: u64 },
}

/// A file that was received.
#[derive(Clone, Debug)]
pub struct Received {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The server's clock, from the `Date` header; informative only.
    pub date: Option<jiff::Timestamp>,
}

/// One trust server: kept connections, learned challenges and tokens. Cheap to clone.
#[derive(Clone)]
pub struct NotaryServer {
    endpoint: Endpoint,
}

#[allow(unused_variables)]
impl NotaryServer {
    /// Prepares a client; nothing is sent. Slow the first time (system certificates): call it off the event loop.
    ///
    /// # Errors
    /// [`RemoteError::Setting`], [`RemoteError::Tls`] for unusable certificates.
    pub fn new(
        endpoint: Endpoint,
        tls: &TlsMaterial,
        limits: Limits,
        credentials: Arc<dyn CredentialSource>,
    ) -> Result<Self, RemoteError> {
        todo!()
    }

    /// The address.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Fetches a file of at most `limit` bytes. `access` is [`Access::Push`] when the caller will write, so that one
    /// token serves both.
    pub async fn fetch(
        &self,
        gun: &Gun,
        wanted: &Wanted,
        limit: u64,
        access: Access,
        stop: &CancellationToken,
    ) -> Result<Received, RemoteError> {
        todo!()
    }

    /// Uploads role files in one request. `timestamp` is never among them.
    ///
    /// # Errors
    /// [`RemoteError::AnswerLost`] whenever the body may have been processed.
    pub async fn publish(&self, gun: &Gun, files: &[(Role, Vec<u8>)]) -> Result<(), RemoteError> {
        todo!()
    }

    /// Deletes all trust data of a repository.
    pub async fn delete(&self, gun: &Gun) -> Result<(), RemoteError> {
        todo!()
    }

    /// The server-held key of `snapshot` or `timestamp`. One such request at a time to one server.
    pub async fn server_key(&self, gun: &Gun, role: &Role) -> Result<PublicKey, RemoteError> {
        todo!()
    }

    /// Makes a new server-held key. One such request at a time to one server.
    pub async fn rotate_server_key(&self, gun: &Gun, role: &Role) -> Result<PublicKey, RemoteError> {
        todo!()
    }
}
