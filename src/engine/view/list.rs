//! The list of repositories.

use std::collections::{BTreeMap, BTreeSet};

use super::part::Views;
use crate::engine::error::{EngineError, Problem};
use crate::engine::reference::familiar_name;
use crate::tuf::Gun;

/// A repository that is listed, before anything was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRepository {
    /// Its name.
    pub gun: Gun,
    /// The name as Docker's users write it (`alpine` for `docker.io/library/alpine`).
    pub name: String,
    /// Base URL of its trust server, or why there is none.
    pub server: Result<String, Problem>,
    /// Whether it was added by name (else it was found in the trust directory).
    pub added: bool,
    /// Whether it was taken off the list that the screen shows.
    pub hidden: bool,
    /// Whether nothing of it was ever read here and something is wanted of it: it is listed as long as that is so.
    pub only_staged: bool,
}

impl Views {
    /// Repositories added by name and those found in the trust directory, by name.
    pub fn entries(&self) -> Result<Vec<ListedRepository>, EngineError> {
        self.entries_and([])
    }

    /// The same with others that something is wanted of. One of which nothing was ever read here is not hidden then.
    pub(in crate::engine) fn entries_and(
        &self,
        wanted: impl IntoIterator<Item = Gun>,
    ) -> Result<Vec<ListedRepository>, EngineError> {
        let repositories = &self.trust.repositories;
        let list = repositories.memory.list()?;
        let mut guns: BTreeMap<Gun, bool> = repositories.cache.guns()?.into_iter().map(|gun| (gun, false)).collect();
        let wanted: BTreeSet<Gun> = wanted.into_iter().filter(|gun| !guns.contains_key(gun)).collect();
        guns.extend(list.repositories.into_iter().chain(repositories.added()).map(|gun| (gun, true)));
        wanted.iter().for_each(|gun| _ = guns.entry(gun.clone()).or_default());
        let entry = |(gun, added): (Gun, bool)| ListedRepository {
            name: familiar_name(&gun),
            server: self.servers.server_address(&gun).map(|(url, _)| url).map_err(|error| error.problem()),
            hidden: list.hidden.contains(&gun) && !wanted.contains(&gun),
            only_staged: wanted.contains(&gun),
            gun,
            added,
        };
        Ok(guns.into_iter().map(entry).collect())
    }
}
