//! Opaque data beside a target.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::canonical::{self, Encoder, NotCanonical, Notes};

/// Data that no program of Notary looks into, kept as canonical JSON: a tree would take a hundred times the memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custom(Arc<[u8]>);

impl Custom {
    /// Takes data that is to be signed.
    ///
    /// # Errors
    /// [`NotCanonical`] for fractions.
    pub fn of(value: &Value) -> Result<Self, NotCanonical> {
        let mut canonical = Vec::new();
        canonical::write(value, &mut canonical)?;
        Ok(Self(canonical.into()))
    }

    /// The canonical JSON.
    #[must_use]
    pub fn canonical(&self) -> &[u8] {
        &self.0
    }

    /// The data as a tree.
    #[must_use]
    pub fn value(&self) -> Value {
        // It was read or written as JSON once; only control characters stand raw in it.
        serde_json::from_slice(&canonical::escape_controls(&self.0)).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Custom {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::{DeserializeSeed as _, Error as _};
        let (mut canonical, notes) = (Vec::new(), Notes::default());
        Encoder::new(&mut canonical, &notes).deserialize(deserializer)?;
        if notes.inexact.get() {
            return Err(D::Error::custom(NotCanonical));
        }
        Ok(Self(canonical.into()))
    }
}

impl Serialize for Custom {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}
