//! What a client of a server is made with.

use std::sync::Arc;

use super::limits::Limits;
use super::proxies::Proxies;
use super::remark::Remarks;
use super::tls::TlsMaterial;

/// What a client of one server is told at start.
#[derive(Clone, Default)]
pub struct Setup {
    /// Who vouches for it, and what it is shown.
    pub tls: TlsMaterial,
    /// Caps and deadlines.
    pub limits: Limits,
    /// Proxies of this process.
    pub proxies: Proxies,
    /// How many requests it gets at once, if the user knows; else that is measured.
    pub parallel: Option<usize>,
    /// What chose its address, in words.
    pub chosen: String,
    /// Where waits are told.
    pub remarks: Remarks,
    /// Whether it spoke HTTP/2 when it was seen last: then no connection is made that is of no use with that.
    pub speaks_http2: bool,
    /// Hears when that turns out otherwise.
    pub learned: Option<Learned>,
}

/// Hears whether a server speaks HTTP/2.
pub type Learned = Arc<dyn Fn(bool) + Send + Sync>;
