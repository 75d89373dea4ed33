//! Classes of failures.

use serde::{Deserialize, Serialize};

/// The class of a failure: the field `kind` in JSON, a heading on screen. Source: docs/reliability.md section 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the words are the documentation
pub enum Kind {
    Rollback,
    Freeze,
    Mix,
    Signature,
    Pin,
    Equivocation,
    Format,
    Limit,
    Role,
    Tls,
    Network,
    Server,
    Busy,
    Redirect,
    Absent,
    Auth,
    Forbidden,
    Stale,
    Conflict,
    OutcomeUnknown,
    Policy,
    Cancelled,
    NotStored,
    Passphrase,
    Keystore,
    Disk,
    BusyLocal,
    Program,
    Input,
}

impl Kind {
    /// The word, as JSON has it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Rollback => "rollback",
            Self::Freeze => "freeze",
            Self::Mix => "mix",
            Self::Signature => "signature",
            Self::Pin => "pin",
            Self::Equivocation => "equivocation",
            Self::Format => "format",
            Self::Limit => "limit",
            Self::Role => "role",
            Self::Tls => "tls",
            Self::Network => "network",
            Self::Server => "server",
            Self::Busy => "busy",
            Self::Redirect => "redirect",
            Self::Absent => "absent",
            Self::Auth => "auth",
            Self::Forbidden => "forbidden",
            Self::Stale => "stale",
            Self::Conflict => "conflict",
            Self::OutcomeUnknown => "outcome-unknown",
            Self::Policy => "policy",
            Self::Cancelled => "cancelled",
            Self::NotStored => "not-stored",
            Self::Passphrase => "passphrase",
            Self::Keystore => "keystore",
            Self::Disk => "disk",
            Self::BusyLocal => "busy-local",
            Self::Program => "program",
            Self::Input => "input",
        }
    }

    /// The exit code of a command that failed with this class. Source: docs/reliability.md section 6.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Absent
            | Self::Conflict
            | Self::NotStored
            | Self::Keystore
            | Self::Disk
            | Self::BusyLocal
            | Self::Program => 1,
            Self::Input => 2,
            Self::Cancelled => 3,
            Self::Auth | Self::Forbidden | Self::Passphrase => 4,
            Self::Tls | Self::Network | Self::Server | Self::Busy | Self::Redirect | Self::Stale => 5,
            Self::Rollback
            | Self::Freeze
            | Self::Mix
            | Self::Signature
            | Self::Pin
            | Self::Equivocation
            | Self::Format
            | Self::Limit
            | Self::Role => 6,
            Self::Policy => 7,
            Self::OutcomeUnknown => 9,
        }
    }

    /// Whether old data may be shown instead: the server could not be asked, and nothing looks like an attack.
    #[must_use]
    pub fn allows_cache(self) -> bool {
        use Kind::{Auth, Busy, Forbidden, Network, Redirect, Server, Tls};
        matches!(self, Tls | Network | Server | Busy | Redirect | Auth | Forbidden)
    }
}
