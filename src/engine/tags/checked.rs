//! What was found of an image, part by part.

use super::agree::SIGNATURE;
use crate::engine::wording::counted;
use crate::remote::RemoteError;

/// Which part of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the variants say what their fields are
pub enum ImagePart {
    /// What is signed: an image's manifest, or an index.
    Signed,
    /// The manifest for a platform of an index.
    Platform(String),
    /// An image's configuration.
    Config(Option<String>),
    /// A layer, from 1.
    Layer { number: usize, of: usize, platform: Option<String> },
    /// All that a manifest lists.
    Listed(Option<String>),
}

impl std::fmt::Display for ImagePart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let on = |platform: &Option<String>| platform.as_ref().map(|p| format!(" for {p}")).unwrap_or_default();
        match self {
            Self::Signed => f.write_str("manifest"),
            Self::Platform(platform) => write!(f, "manifest for {platform}"),
            Self::Config(platform) => write!(f, "configuration{}", on(platform)),
            Self::Layer { number, of, platform } => write!(f, "layer {number} of {of}{}", on(platform)),
            Self::Listed(platform) => write!(f, "what the manifest{} lists", on(platform)),
        }
    }
}

/// Who is to be distrusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspect {
    /// The registry, or the way to it.
    Registry,
    /// Whoever signed: what is signed contradicts itself.
    Signature,
    /// Nobody yet: it could not be asked, or has nothing.
    Nobody,
}

/// Why nothing below a manifest was read, or not all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the variants say what their fields are
pub enum Unproven {
    /// An index lists no image for the platform that was asked for; those for which it does.
    NoPlatform { asked: String, there: Vec<String> },
    /// The configuration, which alone names the platform of an image that no index lists, is too large to be looked at, or
    /// lies elsewhere than in the registry.
    NoConfiguration,
    /// A manifest's form, which is not understood here.
    Form(String),
    /// Indexes list more manifests than are read, or list each other deeper than is followed.
    Endless,
}

impl std::fmt::Display for Unproven {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoPlatform { asked, there } if there.is_empty() => {
                write!(f, "there is no image for {asked}, nor for any other platform")
            }
            Self::NoPlatform { asked, there } => {
                write!(f, "there is no image for {asked}, but for {}", there.join(", "))
            }
            Self::NoConfiguration => f.write_str(
                "its configuration, which says for which platform it is, is too large or lies elsewhere than in the registry",
            ),
            Self::Form(form) if form.is_empty() => f.write_str("nothing says in which form it is"),
            Self::Form(form) => write!(f, "it is of a form that is not understood: {form}"),
            Self::Endless => f.write_str("indexes list indexes too deep, or more manifests than an image has"),
        }
    }
}

/// Why a part was passed over. It is no fault of the image, and neither is the part verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassedOver {
    /// It is for another platform than the one that was asked for.
    OtherPlatform,
    /// It names other addresses to get it from than the registry, which may not have it: a foreign layer.
    Elsewhere,
}

impl std::fmt::Display for PassedOver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::OtherPlatform => "another platform",
            Self::Elsewhere => "not verified: it lies elsewhere than in the registry",
        })
    }
}

/// What was found of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the variants say what their fields are
pub enum PartFinding {
    /// It is what the part above names.
    Good,
    /// It was not looked at, and why.
    Skipped(PassedOver),
    /// It could not be looked at, and why.
    Unproven(Unproven),
    /// It is not.
    Wrong { suspect: Suspect, error: RemoteError },
}

impl PartFinding {
    /// Of an error, whom it speaks against.
    pub(super) fn wrong(error: RemoteError) -> Self {
        let suspect = match &error {
            RemoteError::Length { host, .. }
            | RemoteError::Altered { host, .. }
            | RemoteError::Malformed { host, .. }
                if host == SIGNATURE =>
            {
                Suspect::Signature
            }
            RemoteError::Altered { .. }
            | RemoteError::Length { .. }
            | RemoteError::Malformed { .. }
            | RemoteError::TooBig { .. } => Suspect::Registry,
            _ => Suspect::Nobody,
        };
        Self::Wrong { suspect, error }
    }
}

/// A part with what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedPart {
    /// Which part.
    pub part: ImagePart,
    /// The digest that it should have.
    pub digest: String,
    /// The size that it should have, in bytes.
    pub size: u64,
    /// What was found.
    pub finding: PartFinding,
}

impl CheckedPart {
    /// Whether it is what the part above names.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.finding == PartFinding::Good
    }

    /// Whether it keeps the image from being proven.
    #[must_use]
    pub fn fails(&self) -> bool {
        matches!(self.finding, PartFinding::Wrong { .. } | PartFinding::Unproven(_))
    }

    /// Whether the registry says that it does not have it.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(&self.finding, PartFinding::Wrong { error: RemoteError::NotFound { .. }, .. })
    }

    /// Whether it was read and is something else: what could not be asked for proves nothing.
    #[must_use]
    pub fn is_refuted(&self) -> bool {
        matches!(&self.finding, PartFinding::Wrong { suspect, .. } if *suspect != Suspect::Nobody)
    }
}

/// What is said of the parts of an image that were not verified though all of it was asked for; `None` where there are none.
#[must_use]
pub fn not_verified(parts: &[CheckedPart]) -> Option<String> {
    let foreign = parts.iter().filter(|checked| checked.finding == PartFinding::Skipped(PassedOver::Elsewhere)).count();
    (foreign > 0).then(|| format!("not verified: {}", counted(foreign, "foreign layer", "foreign layers")))
}

/// What is heard while an image is checked.
#[derive(Clone, Copy, Debug)]
pub enum Heard<'a> {
    /// A part was checked.
    Checked(&'a CheckedPart),
    /// So many more bytes of a blob were read.
    Read(u64),
}
