//! Repositories as this machine knows them: what was loaded in this process, the list, and the pins.

use std::sync::Arc;

use jiff::SignedDuration;

use super::alike::Alike;
use super::repositories::{LoadedRepositories, hold};
use super::session::{Base, Freshness};
use crate::engine::context::Context;
use crate::engine::error::EngineError;
use crate::engine::lanes::blocking;
use crate::engine::servers::Servers;
use crate::tuf::{Gun, KeyId, Role};

/// As short as this, others have hardly published in between, and an upload that they overtook is refused.
const MOMENT: SignedDuration = SignedDuration::from_secs(5);

/// What is true of repositories: verified files, the list, the pins. All clones are one.
#[derive(Clone)]
pub struct Trust {
    pub(in crate::engine) context: Context,
    pub(in crate::engine) servers: Servers,
    pub(in crate::engine) repositories: Arc<LoadedRepositories>,
}

impl Trust {
    pub(in crate::engine) fn open(context: &Context, servers: &Servers) -> Result<Self, EngineError> {
        let repositories = Arc::new(LoadedRepositories::open(context.settings())?);
        Ok(Self { context: context.clone(), servers: servers.clone(), repositories })
    }
}

/// For the rest of the engine.
impl Trust {
    /// What a repository could be taken for, of all that are known here.
    ///
    /// # Errors
    /// `Disk`, `State`.
    pub fn alike(&self, gun: &Gun) -> Result<Vec<Alike>, EngineError> {
        self.repositories.alike(gun)
    }

    /// What was loaded last, else what the cache holds. Offline. `None` if nothing usable is known about the
    /// repository.
    pub(in crate::engine) fn base(&self, gun: &Gun) -> Result<Option<Base>, EngineError> {
        let session = match self.repositories.session(gun) {
            Some(session) => Some(session),
            None => self.load_session(gun)?,
        };
        Ok(session.and_then(|session| session.base()))
    }

    /// What this process has just verified against the server, if it has: whoever staged and reviewed it in one go need
    /// not ask for the same again.
    pub(in crate::engine) fn base_of_a_moment_ago(&self, gun: &Gun) -> Option<Base> {
        let session = self.repositories.session(gun)?;
        let Freshness::Fresh { at } = session.freshness else { return None };
        let age = self.context.now().duration_since(at);
        let is_recent = !age.is_negative() && age < MOMENT;
        session.base().filter(|base| is_recent && base.set.is_some())
    }

    /// Asks the server, for somebody who will write: pull and push rights, expired files allowed. Updates what
    /// [`Trust::base`] and `Views::view` give, commits the cache as `Views::refresh` does.
    pub(in crate::engine) async fn fetch_base(&self, gun: &Gun) -> Result<Base, EngineError> {
        let session = self.ask(gun, crate::remote::Access::Push, &Default::default()).await?;
        let (verified_at, skew) = (session.verified_at, session.skew);
        let absent = || Base { set: None, verified_at, skew, lost: session.lost.clone() };
        Ok(session.base().unwrap_or_else(absent))
    }

    /// Stores a root that this machine has just published as the pin of a new repository.
    pub(in crate::engine) fn pin_created(&self, gun: &Gun, root: &[u8]) -> Result<(), EngineError> {
        let repositories = &self.repositories;
        repositories.memory.forget(gun)?;
        repositories.cache.store(gun, &[(Role::Root, root)])?;
        repositories.memory.keep_root(gun, root)?;
        repositories.forget(gun);
        Ok(())
    }
}

impl Trust {
    /// Adds a repository to the list; for this process only, with a word, where that cannot be written.
    pub fn add_entry(&self, gun: &Gun) -> Result<(), EngineError> {
        let written = self.repositories.memory.change_list(|list| {
            list.hidden.retain(|hidden| hidden != gun);
            if !list.repositories.contains(gun) {
                list.repositories.push(gun.clone());
            }
        });
        match written {
            Err(error) if error.is_unkept() => {
                self.servers.say_unkept(&error);
                hold(&self.repositories.added).insert(gun.clone());
                Ok(())
            }
            written => written,
        }
    }

    /// Takes a repository off the list; its files stay, and [`Trust::add_entry`] brings it back.
    pub fn remove_entry(&self, gun: &Gun) -> Result<(), EngineError> {
        hold(&self.repositories.added).remove(gun);
        self.repositories.memory.change_list(|list| {
            list.repositories.retain(|listed| listed != gun);
            if !list.hidden.contains(gun) {
                list.hidden.push(gun.clone());
            }
        })
    }

    /// Whether this machine has trusted a root of a repository before.
    ///
    /// # Errors
    /// `Disk`, `State`.
    pub fn is_known(&self, gun: &Gun) -> Result<bool, EngineError> {
        let repositories = &self.repositories;
        Ok(repositories.cache.read(gun, &Role::Root)?.is_some() || repositories.memory.root(gun)?.is_some())
    }

    /// The server has no trust data for a repository: why, as far as this machine can tell.
    #[must_use]
    pub fn nothing_there(&self, gun: &Gun) -> EngineError {
        let server = self.servers.server_address(gun).map(|(url, _)| url).unwrap_or_default();
        match self.repositories.session(gun).and_then(|session| session.lost.clone()) {
            Some(lost) => EngineError::Lost { gun: gun.clone(), server, copy: lost.copy.is_some() },
            None => EngineError::Absent { gun: gun.clone(), server },
        }
    }

    /// What is said of a repository that the server had lost when it was asked last, without asking it again. Blocking.
    #[must_use]
    pub fn found_lost(&self, gun: &Gun) -> Option<EngineError> {
        let server = self.servers.server_address(gun).map(|(url, _)| url).ok();
        let server = self.repositories.memory.lost_by(gun).filter(|lost| Some(lost) == server.as_ref())?;
        let copy = self.load_session(gun).ok().flatten().is_some_and(|session| session.complete);
        Some(EngineError::Lost { gun: gun.clone(), server, copy })
    }

    /// Accepts the root keys that [`EngineError::FirstContact`] named, or replaces a lost pin after both fingerprints
    /// were shown. The next refresh uses it.
    pub fn accept_root(&self, gun: &Gun, roots: &[KeyId]) -> Result<(), EngineError> {
        if roots.is_empty() {
            let message = format!("no root key of {gun} was named");
            let hint = "refresh, and accept the fingerprints that are shown then".to_owned();
            return Err(EngineError::Input { message, hint });
        }
        let repositories = &self.repositories;
        repositories.forget(gun);
        hold(&repositories.accepted).insert(gun.clone(), roots.to_vec());
        Ok(())
    }

    /// Whether there is anything that [`Trust::delete_local`] deletes.
    ///
    /// # Errors
    /// `Disk`.
    pub fn has_local(&self, gun: &Gun) -> Result<bool, EngineError> {
        let repositories = &self.repositories;
        Ok(repositories.memory.has_something(gun) || repositories.cache.guns()?.contains(gun))
    }

    /// Removes this repository's cache (not nested ones) and forgets its pin. Keys stay.
    pub async fn delete_local(&self, gun: &Gun) -> Result<(), EngineError> {
        self.context.check_writable()?;
        let _turn = self.repositories.turn(gun).await;
        let gun = gun.clone();
        blocking(self, move |trust| {
            let repositories = &trust.repositories;
            repositories.cache.delete(&gun)?;
            repositories.memory.forget(&gun)?;
            repositories.forget(&gun);
            Ok(())
        })
        .await
    }
}
