//! Names, checked where they enter and trusted afterwards.
//!
//! Invariant: a value of these types can be a file name below the trust directory and a part of a URL
//! without further checks. This is the only place that spells the names of roles.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::content::quoted;
use super::hashes::digits;

/// Why a name was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not a collection name that Notary could store.
    #[error("{} is not a repository name", quoted(.0))]
    Gun(String),
    /// Not a role name.
    #[error("{} is not a role: expected root, targets, snapshot, timestamp or targets/NAME with a-z 0-9 _ - and /", quoted(.0))]
    Role(String),
    /// Not a delegation name.
    #[error("{} is not a delegation: expected targets/NAME with a-z 0-9 _ - and /", quoted(.0))]
    Delegation(String),
    /// Not a signer name.
    #[error("{} is not a signer name: expected a-z 0-9 _ and -, beginning with a letter or digit", quoted(.0))]
    Signer(String),
    /// `releases` cannot be a signer.
    #[error("\"releases\" is reserved for the role that pulls look at")]
    ReservedSigner,
    /// Not a target name.
    #[error("{} is not a target name: expected 1 to 255 characters and no control characters", quoted(.0))]
    Target(String),
    /// Not a key ID.
    #[error("{} is not a key ID: expected 64 hexadecimal digits", quoted(.0))]
    KeyId(String),
}

macro_rules! text {
    ($name:ident) => {
        impl $name {
            /// The text of the name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.as_str().to_owned()
            }
        }
    };
}

/// A globally unique name: the collection, or `host[:port]/path` of an image repository.
///
/// Shape: 1 to 255 bytes of printable ASCII without `*`, `?`, `#`, `%`, `\` and blanks; segments
/// separated by `/`, none of them empty, `.`, `..` or `_trust`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Gun(Arc<str>);

text!(Gun);

impl Gun {
    /// Parses `name`, literally.
    ///
    /// # Errors
    /// [`NameError::Gun`] if it could leave the trust directory or the URL it is put into.
    pub fn parse(name: &str) -> Result<Self, NameError> {
        let printable = |b: u8| b.is_ascii_graphic() && !b"*?#%\\\"<>".contains(&b);
        let segment = |s: &str| !matches!(s, "" | "." | ".." | "_trust");
        let fits = name.len() <= 255 && name.bytes().all(printable) && name.split('/').all(segment);
        if fits { Ok(Self(name.into())) } else { Err(NameError::Gun(name.to_owned())) }
    }

    /// The part before the first `/`, if that looks like a registry host.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        let (host, _) = self.0.split_once('/')?;
        let is_host = host == "localhost" || host.contains(['.', ':']) || host.bytes().any(|b| b.is_ascii_uppercase());
        is_host.then_some(host)
    }
}

/// A delegation's full path, such as `targets/releases`.
///
/// Shape: at most 255 bytes; after `targets/`, non-empty segments of `[-a-z0-9_]`.
/// Source: Notary `tuf/data/roles.go`, `IsDelegation`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DelegationName(Arc<str>);

text!(DelegationName);

impl DelegationName {
    /// Parses `path`; there is no other way to make one from outside text.
    ///
    /// # Errors
    /// [`NameError::Delegation`], holding `path`, if its shape is any other.
    pub fn parse(path: &str) -> Result<Self, NameError> {
        let is_segment =
            |s: &str| !s.is_empty() && s.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'));
        match path.strip_prefix("targets/") {
            Some(below) if path.len() <= 255 && below.split('/').all(is_segment) => Ok(Self(path.into())),
            _ => Err(NameError::Delegation(path.to_owned())),
        }
    }

    /// The role whose content is pulled by Docker.
    #[must_use]
    pub fn releases() -> Self {
        Self("targets/releases".into())
    }

    /// Whether this is `targets/releases`.
    #[must_use]
    pub fn is_releases(&self) -> bool {
        *self.0 == *"targets/releases"
    }

    /// The name without `targets/`, as `docker trust` shows signers.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.strip_prefix("targets/").unwrap_or(&self.0)
    }

    /// The role that lists this one: the name without its last segment.
    #[must_use]
    pub fn parent(&self) -> Role {
        match self.0.rsplit_once('/') {
            Some((parent, _)) if parent != "targets" => Role::Delegation(Self(parent.into())),
            _ => Role::Targets,
        }
    }

    /// Segments after `targets`, at least 1.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.0.matches('/').count()
    }
}

/// The name of a signer, as `docker trust signer` takes it: role `targets/<name>` plus a key in `targets/releases`.
///
/// Shape: `[a-z0-9][a-z0-9_-]*`, not `releases`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SignerName(String);

text!(SignerName);

impl SignerName {
    /// Parses `name`.
    ///
    /// # Errors
    /// [`NameError::ReservedSigner`] for `releases`, [`NameError::Signer`] for any other shape.
    pub fn parse(name: &str) -> Result<Self, NameError> {
        if name == "releases" {
            return Err(NameError::ReservedSigner);
        }
        let first = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        match DelegationName::parse(&format!("targets/{name}")) {
            Ok(_) if first && !name.contains('/') => Ok(Self(name.to_owned())),
            _ => Err(NameError::Signer(name.to_owned())),
        }
    }

    /// The delegation that carries the signer's own signatures.
    #[must_use]
    pub fn role(&self) -> DelegationName {
        DelegationName(format!("targets/{}", self.0).into())
    }
}

/// A role of a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Role {
    /// Lists the keys of the four base roles.
    Root,
    /// Holds targets and delegations.
    Targets,
    /// Hashes of all files but itself and the timestamp.
    Snapshot,
    /// Hash of the snapshot; short-lived, signed by the server.
    Timestamp,
    /// `targets/…`: may sign some targets.
    Delegation(DelegationName),
}

impl Role {
    /// The four base roles, in the order in which they are shown.
    pub const BASE: [Role; 4] = [Role::Root, Role::Targets, Role::Snapshot, Role::Timestamp];

    /// Parses a role name such as `root` or `targets/releases`.
    ///
    /// # Errors
    /// [`NameError::Role`] for anything else.
    pub fn parse(name: &str) -> Result<Self, NameError> {
        Ok(match name {
            "root" => Self::Root,
            "targets" => Self::Targets,
            "snapshot" => Self::Snapshot,
            "timestamp" => Self::Timestamp,
            _ => Self::Delegation(DelegationName::parse(name).map_err(|_| NameError::Role(name.to_owned()))?),
        })
    }

    /// `targets/releases`.
    #[must_use]
    pub fn releases() -> Self {
        Self::Delegation(DelegationName::releases())
    }

    /// The full name, as files, URLs and metadata spell it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Root => "root",
            Self::Targets => "targets",
            Self::Snapshot => "snapshot",
            Self::Timestamp => "timestamp",
            Self::Delegation(name) => name.as_str(),
        }
    }

    /// The name without `targets/`, for trees and columns that say so.
    #[must_use]
    pub fn short(&self) -> &str {
        match self {
            Self::Delegation(name) => name.short(),
            base => base.as_str(),
        }
    }

    /// The delegation's name, if this is one.
    #[must_use]
    pub fn delegation(&self) -> Option<&DelegationName> {
        match self {
            Self::Delegation(name) => Some(name),
            _ => None,
        }
    }

    /// Whether the role holds targets: `targets` itself or a delegation.
    #[must_use]
    pub fn holds_targets(&self) -> bool {
        matches!(self, Self::Targets | Self::Delegation(_))
    }

    /// Whether Docker pulls what this role lists: `targets` or `targets/releases`.
    #[must_use]
    pub fn is_released(&self) -> bool {
        match self {
            Self::Targets => true,
            Self::Delegation(name) => name.is_releases(),
            _ => false,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<DelegationName> for Role {
    fn from(name: DelegationName) -> Self {
        Self::Delegation(name)
    }
}

impl TryFrom<String> for Role {
    type Error = NameError;

    fn try_from(name: String) -> Result<Self, NameError> {
        Self::parse(&name)
    }
}

impl From<Role> for String {
    fn from(role: Role) -> String {
        role.as_str().to_owned()
    }
}

/// The name of a target; for images, a tag.
///
/// Shape: 1 to 255 characters, no control characters (Notary cannot sign those). One that was received may have any.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TargetName(String);

text!(TargetName);

impl TargetName {
    /// Parses a name that is about to be signed.
    ///
    /// # Errors
    /// [`NameError::Target`] for an empty, long or unprintable name.
    pub fn parse(name: &str) -> Result<Self, NameError> {
        let fits = !name.is_empty() && name.chars().count() <= 255 && !name.chars().any(char::is_control);
        if fits { Ok(Self(name.to_owned())) } else { Err(NameError::Target(name.to_owned())) }
    }

    /// Takes a name as received metadata spells it, whatever it holds; draw it as outside text.
    #[must_use]
    pub fn received(name: String) -> Self {
        Self(name)
    }
}

/// A key's ID as metadata lists it: SHA-256 over the key as it stands there (for certificates, of the certificate).
///
/// Shape: 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(Arc<str>);

/// A key's ID as the key store names it: the [`KeyId`] of the bare public key, whatever it is wrapped in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CanonicalKeyId(Arc<str>);

fn parse_digits(id: &str) -> Result<Arc<str>, NameError> {
    let fits = id.len() == 64 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if fits { Ok(id.into()) } else { Err(NameError::KeyId(id.to_owned())) }
}

macro_rules! key_id {
    ($name:ident) => {
        text!($name);

        impl $name {
            /// The ID whose digits spell `digest`.
            #[must_use]
            pub(super) fn of(digest: &[u8; 32]) -> Self {
                Self(digits(digest).into())
            }

            /// Parses 64 lower-case hexadecimal digits.
            ///
            /// # Errors
            /// [`NameError::KeyId`] for anything else.
            pub fn parse(id: &str) -> Result<Self, NameError> {
                parse_digits(id).map(Self)
            }

            /// The first 8 digits, for screens.
            #[must_use]
            pub fn short(&self) -> &str {
                &self.0[..8]
            }
        }
    };
}

key_id!(KeyId);
key_id!(CanonicalKeyId);
