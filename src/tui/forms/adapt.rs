//! Fields that come and go with what was filled in so far, and what is wrong with it.

use super::{check, key_forms};
use crate::tui::dialogs::Form;

/// Shows the fields that the answers so far ask for, and says which name cannot be taken.
pub fn adapt(form: &mut Form) {
    if form.is_about_keys() {
        key_forms::adapt(form)
    } else {
        form.grow()
    }
    form.wrong = check::wrong(form).map(|(_, why)| why.into());
}
