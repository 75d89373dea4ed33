//! Where else keys lie, for plans.

use crate::engine::keyring::other_stores;
use crate::engine::plan::facts::OtherPlaces;
use crate::engine::settings::Settings;
use crate::tuf::CanonicalKeyId;

/// The other trust directories of this user.
pub(super) struct OtherStores<'a>(pub(super) &'a Settings);

impl OtherPlaces for OtherStores<'_> {
    fn one_of(&self, wanted: &[CanonicalKeyId]) -> Option<String> {
        other_stores::where_looked(self.0, wanted)
    }

    fn root_key(&self) -> Option<String> {
        other_stores::where_a_root_key_is(self.0)
    }
}
