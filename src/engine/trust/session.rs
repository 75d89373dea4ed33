//! A repository as this process has verified it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp as Time};

use super::local::Local;
use super::notice::Notice;
use crate::engine::error::Problem;
use crate::tuf::{DelegationName, TrustedSet};

/// A repository as it was loaded last.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Session {
    /// Verified metadata, expired files included; `None` if the server has no trust data.
    pub(in crate::engine) set: Option<Arc<TrustedSet>>,
    /// Whether all files that it names are in it, so that an unchanged timestamp is enough.
    pub(in crate::engine) complete: bool,
    /// Last verification against the server.
    pub(in crate::engine) verified_at: Option<Time>,
    /// Where it came from.
    pub(in crate::engine) freshness: Freshness,
    /// Tags that are gone since the refresh before.
    pub(in crate::engine) vanished: Vec<String>,
    /// Things that happened on the way.
    pub(in crate::engine) notices: Vec<Notice>,
    /// Delegations whose file is missing in the cache.
    pub(in crate::engine) missing: Vec<DelegationName>,
    /// The server's clock minus ours.
    pub(in crate::engine) skew: Option<SignedDuration>,
    /// Set if the server has no trust data although this machine has verified some before.
    pub(in crate::engine) lost: Option<Lost>,
}

/// A repository that its server does not know any more.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Lost {
    /// All of it as this machine verified it last, if it still has that.
    pub(in crate::engine) copy: Option<Arc<TrustedSet>>,
}

impl Session {
    /// What a plan can be computed from; `None` if the cache held too little.
    pub(in crate::engine) fn base(&self) -> Option<Base> {
        let usable = self.complete || self.set.is_none();
        usable.then(|| Base {
            set: self.set.clone(),
            verified_at: self.verified_at,
            skew: self.skew,
            lost: self.lost.clone(),
        })
    }

    pub(super) fn from_cache(local: Local, reason: Option<Problem>) -> Option<Self> {
        let complete = local.is_complete();
        let set = local.set.filter(|set| set.targets().is_some())?;
        Some(Self {
            set: Some(Arc::new(set)),
            complete,
            verified_at: local.verified_at,
            freshness: Freshness::Cached { at: local.verified_at, reason },
            vanished: Vec::new(),
            notices: local.notices,
            missing: local.missing,
            skew: None,
            lost: None,
        })
    }
}

/// Whether what is shown was just asked of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the variants say what their fields are
pub enum Freshness {
    /// Verified against the server at this time.
    Fresh { at: Time },
    /// From this machine's cache, last verified against the server at `at` (if known), because of `reason`
    /// (`None`: it was asked for, or has not been refreshed yet).
    Cached { at: Option<Time>, reason: Option<Problem> },
}

/// Metadata that a plan can be computed from.
#[derive(Clone)]
pub(in crate::engine) struct Base {
    /// Loaded with [`crate::tuf::verify::Purpose::Renew`], so that expired files can be renewed; `None` if the server
    /// has no trust data.
    pub(in crate::engine) set: Option<Arc<TrustedSet>>,
    /// When it was last verified against the server.
    pub(in crate::engine) verified_at: Option<jiff::Timestamp>,
    /// The server's clock less this machine's, if it was just asked.
    pub(in crate::engine) skew: Option<SignedDuration>,
    /// Set if the server has no trust data although this machine has verified some before.
    pub(in crate::engine) lost: Option<Lost>,
}
