//! What is pasted into the form that signs a tag: a line of `docker push`, or a full reference.

use crate::engine::reference::parse_repository;
use crate::engine::tags::pushed::{self, PushLine};
use crate::tuf::Gun;
use crate::tui::dialogs::form::{Form, Input, Purpose};
use crate::tui::dialogs::label::Label;

/// Fills the form, if the text is one of both. What is of another repository is refused, and said.
pub fn fill(form: &mut Form, text: &str) -> bool {
    let Purpose::SignTag { gun } = &form.purpose else { return false };
    let (gun, mut named, mut pushed) = (gun.clone(), None, None);
    for line in text.lines().filter_map(pushed::read) {
        match line {
            PushLine::Repository(name) => named = Some(name),
            PushLine::Pushed { tag, target } => pushed = Some((tag, target)),
        }
    }
    let Some((tag, target)) = pushed else { return reference(form, &gun, text.trim()) };
    if let Some(other) = named.filter(|name| parse_repository(name, false).is_ok_and(|found| found.gun != gun)) {
        form.error = Some(format!("{other} was pushed; this form is about another repository").into());
        return true;
    }
    set(form, Label::Tag, &tag);
    set(form, Label::Digest, &format!("sha256:{}", target.sha256));
    set(form, Label::Size, &target.length.to_string());
    form.focus_on(Label::Roles);
    true
}

/// Takes tag and digest of a reference to this repository.
fn reference(form: &mut Form, gun: &Gun, text: &str) -> bool {
    let is_digest = text.starts_with("sha256:") || !text.contains([':', '@']);
    let Some(found) = parse_repository(text, false).ok().filter(|_| !is_digest) else { return false };
    if found.gun != *gun {
        form.error = Some(format!("{} is another repository", found.familiar).into());
        return true;
    }
    // Beside a digest a tag means nothing to a reader of images; here it is what is signed.
    let tagged = text.split_once('@').and_then(|(tagged, _)| parse_repository(tagged, false).ok());
    if let Some(tag) = found.tag.or(tagged.and_then(|tagged| tagged.tag)) {
        set(form, Label::Tag, &tag);
        form.focus_on(Label::Digest);
    }
    if let Some(digest) = &found.digest {
        set(form, Label::Digest, digest);
        form.focus_on(Label::Size);
    }
    true
}

fn set(form: &mut Form, label: Label, text: &str) {
    form.error = None;
    let field = form.fields.iter_mut().find(|field| field.label == label);
    if let Some(Input::Text(typed)) = field.map(|field| &mut field.input) {
        typed.set(text);
    }
}
