//! Repositories that are known here and that another one could be taken for.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use crate::printable::{printable, skeleton};
use crate::tuf::Gun;

/// What a repository could be taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alike {
    /// Another repository, by its whole name.
    Name(Gun),
    /// One on another host, by the name of that.
    Host(String),
}

impl fmt::Display for Alike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(other) => {
                write!(f, "its name looks like {other}, which is known here and is another repository")
            }
            Self::Host(other) => write!(f, "its host looks like {other}, which is another one"),
        }
    }
}

/// Names that are known here, by what they look like.
#[derive(Default)]
pub(super) struct KnownNames {
    names: HashMap<String, BTreeSet<Gun>>,
    hosts: HashMap<String, BTreeSet<String>>,
}

impl KnownNames {
    /// The names of repositories.
    pub(super) fn of(known: impl IntoIterator<Item = Gun>) -> Self {
        let mut names = Self::default();
        known.into_iter().for_each(|gun| names.add(&gun));
        names
    }

    fn add(&mut self, gun: &Gun) {
        for looks in looks(gun.as_str()) {
            self.names.entry(looks).or_default().insert(gun.clone());
        }
        for looks in looks(host(gun)) {
            self.hosts.entry(looks).or_default().insert(host(gun).to_owned());
        }
    }

    /// What a repository could be taken for. It is known from now on.
    pub(super) fn meet(&mut self, gun: &Gun) -> Vec<Alike> {
        let names = looks(gun.as_str()).into_iter().filter_map(|looks| self.names.get(&looks)).flatten();
        let name = names.into_iter().find(|other| *other != gun).cloned();
        let hosts = looks(host(gun)).into_iter().filter_map(|looks| self.hosts.get(&looks)).flatten();
        let host = hosts.into_iter().find(|other| *other != host(gun)).cloned();
        self.add(gun);
        name.map(Alike::Name).into_iter().chain(host.map(Alike::Host)).collect()
    }
}

fn host(gun: &Gun) -> &str {
    gun.host().unwrap_or_default()
}

/// What the eye sees of a name, and what is drawn of it: one name may be spelled as the escape of what another one holds.
fn looks(name: &str) -> [String; 2] {
    [skeleton(name), printable(name)]
}
