//! Fields that come and go with what was filled in so far.

use super::key_forms;
use crate::tui::dialogs::Form;

/// Shows the fields that the answers so far ask for.
pub fn adapt(form: &mut Form) {
    if form.is_about_keys() { key_forms::adapt(form) } else { form.grow() }
}
