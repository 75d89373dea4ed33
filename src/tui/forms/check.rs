//! What is wrong with a name, as soon as it is typed: not only when the form is handed in.

use crate::engine::custody::load::check_given;
use crate::engine::custody::make::check_new_name;
use crate::engine::reference::parse_bare;
use crate::engine::typed;
use crate::tuf::SignerName;
use crate::tui::dialogs::form::{Form, Purpose};
use crate::tui::dialogs::label::Label;

/// The first name that stands in a form and cannot be taken, and why. An empty field is not wrong yet.
#[must_use]
pub fn wrong(form: &Form) -> Option<(Label, String)> {
    let filled = form.fields.iter().filter(|field| !field.is_empty());
    filled.map(|field| field.label).find_map(|label| Some((label, refusal(form, label)?)))
}

fn refusal(form: &Form, label: Label) -> Option<String> {
    let text = form.text(label);
    // A path of roles ends in a slash while it is typed.
    let path = text.trim_end_matches('/');
    match (label, &form.purpose) {
        (Label::Name, Purpose::AddSigner { .. }) | (Label::Signer, _) => said(SignerName::parse(text)),
        (Label::Repository, Purpose::AddRepository) => repository(text),
        (Label::Name, Purpose::MakeKey) => said(check_new_name(text)),
        (Label::Name, Purpose::LoadKeys) => said(check_given(path)),
        (Label::Role, _) => said(typed::delegation(path)),
        (Label::Roles, _) => {
            path.split([',', ' ']).filter(|name| !name.is_empty()).find_map(|name| said(typed::role(name)))
        }
        _ => None,
    }
}

/// A name that neither Docker nor notary would take. It may end in the middle while it is typed.
fn repository(text: &str) -> Option<String> {
    let name = text.trim_end_matches(['/', ':', '.', '-', '_', '@']);
    said(parse_bare(name, false).or_else(|first| parse_bare(name, true).map_err(|_| first)))
}

fn said<T, E: std::fmt::Display>(result: Result<T, E>) -> Option<String> {
    result.err().map(|error| error.to_string())
}
