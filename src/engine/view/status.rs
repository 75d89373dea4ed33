//! What this machine is set to, in one view.

use std::path::PathBuf;
use std::time::Duration;

use super::part::Views;
use crate::engine::error::Problem;
use crate::engine::keyring::other_stores;
use crate::engine::servers::{certificates, endpoint_of, way};
use crate::engine::settings::Reasons;
use crate::tuf::Gun;

/// What was chosen at start, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Trust directory and the reason for it.
    pub trust_dir: (PathBuf, String),
    /// State directory.
    pub state_dir: PathBuf,
    /// Where it is written what happened.
    pub log_file: PathBuf,
    /// Configuration file and whether it exists.
    pub config: (PathBuf, bool),
    /// Docker's configuration directory.
    pub docker_config: PathBuf,
    /// Why these three.
    pub reasons: Reasons,
    /// Other trust directories of this user with keys, and how many each holds.
    pub other_keys: Vec<(PathBuf, usize)>,
    /// The server for a repository (or for Docker Hub if none was named) and the reason for it.
    pub server: Result<(String, String), Problem>,
    /// The proxy to that server with the variable that names it, or why none is used; `None` where none is set.
    pub proxy: Option<String>,
    /// Where certificate authorities come from.
    pub authorities: Vec<String>,
    /// Private keys in the store.
    pub keys: usize,
    /// Staged changes.
    pub staged: usize,
    /// How long passphrases stay.
    pub idle_lock: Duration,
}

impl Views {
    /// What was chosen and why; `gun` for the server's sake. Never asks the network.
    pub(in crate::engine) fn status(&self, gun: Option<&Gun>, keys: usize, staged: usize) -> Status {
        let settings = self.context.settings();
        let server = endpoint_of(settings, gun);
        let authorities = certificates::sources(settings, server.as_ref().ok().map(|(endpoint, _)| endpoint));
        Status {
            trust_dir: (settings.trust_dir.clone(), settings.trust_dir_why.clone()),
            state_dir: settings.state_dir.clone(),
            log_file: settings.log_file.clone(),
            config: (settings.config_file.clone(), settings.config_file.exists()),
            docker_config: settings.docker_config.clone(),
            reasons: settings.reasons.clone(),
            other_keys: other_stores::with_keys(settings),
            proxy: server.as_ref().ok().and_then(|(endpoint, _)| way(settings, endpoint)),
            server: server.map(|(endpoint, why)| (endpoint.base().to_owned(), why)).map_err(|error| error.problem()),
            authorities,
            keys,
            staged,
            idle_lock: settings.idle_lock,
        }
    }
}
