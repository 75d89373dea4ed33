//! Repositories that are known here and that another one could be taken for.

use std::fmt;

use crate::printable::looks_alike;
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

/// What a repository could be taken for, of those that are known.
pub(super) fn alike(known: &[Gun], gun: &Gun) -> Vec<Alike> {
    let name = known.iter().find(|other| looks_alike(other.as_str(), gun.as_str()));
    let host = |gun: &Gun| gun.host().unwrap_or_default().to_owned();
    let hosts = known.iter().map(host).find(|other| looks_alike(other, &host(gun)));
    name.cloned().map(Alike::Name).into_iter().chain(hosts.map(Alike::Host)).collect()
}
