//! Every action by name: what the palette lists, and what the configuration binds keys to.

use super::keys::{self, KeyMeaning};
use crate::tui::kit::list::Move;
use crate::tui::kit::pane::Pane;
use crate::tui::state::binding::{Action, Binding, Copied, Place};
use crate::tui::state::{Screen, State, actions};

/// A place's name beside an action.
pub(super) fn word(place: Place) -> &'static str {
    match place {
        Place::Everywhere | Place::Moves | Place::Lists | Place::Blank | Place::Pick => "",
        Place::Pane(pane) => pane.name(),
        Place::Review => "Review",
        Place::Publish => "Publish",
        Place::Wizard => "Wizard",
        Place::Tour => "Tour",
    }
}

const ON_MAIN: &str = "on the main screen alone; esc leads back";

/// Why the keys of a place do not hold on the screen that is open.
fn reason(place: Place, state: &State) -> Option<&'static str> {
    let is_main = matches!(state.screen, Screen::Main);
    match place {
        Place::Everywhere | Place::Moves => None,
        Place::Lists | Place::Pane(_) if !is_main => Some(ON_MAIN),
        Place::Lists | Place::Pane(_) => state.is_blank().then_some("there is no repository yet"),
        Place::Blank => (!is_main || !state.is_blank()).then_some("only while there is no repository"),
        Place::Review => (!matches!(state.screen, Screen::Review(_))).then_some("in the review alone; p opens it"),
        Place::Publish => (!matches!(state.screen, Screen::Publish(_))).then_some("while a publish is shown"),
        Place::Wizard => (!matches!(state.screen, Screen::Wizard)).then_some("in a wizard alone; W opens one"),
        Place::Tour => state.tour.is_none().then_some("no tour is running"),
        Place::Pick => state.here.pick.is_none().then_some("nothing is to be chosen"),
    }
}

/// An action with its name and where it holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    pub(super) place: Place,
    pub(super) binding: &'static Binding,
}

impl Named {
    /// Its name: `repositories.add-signer`.
    pub(super) fn name(&self) -> String {
        name(self.binding.action)
    }

    /// What it does, in words that say so without the place where its key stands.
    pub(super) fn words(&self) -> String {
        words(self.binding)
    }

    /// Why it cannot be done now.
    pub(super) fn reason(&self, state: &State) -> Option<&'static str> {
        let hidden = || self.hidden(state).map(|nearer| nearer.blocked(state).unwrap_or(ON_MAIN));
        reason(self.place, state).or_else(hidden).or_else(|| self.binding.blocked(state))
    }

    /// Its keys, but for those that mean something nearer where the user is.
    pub(super) fn keys(&self, state: &State) -> Vec<&'static str> {
        let is_nearer = |key: &str| matches!(keys::lookup(state, None, key), KeyMeaning::Binding(found) if found.action != self.binding.action);
        let all = self.binding.keys.iter().copied();
        all.filter(|key| !holds(state, self) || !is_nearer(key)).collect()
    }

    /// What its key means in its place on a screen before the main one, where that is no way to it.
    fn hidden(&self, state: &State) -> Option<&'static Binding> {
        let is_over = !matches!(state.screen, Screen::Main) && self.keys(state).is_empty();
        match keys::lookup(state, None, self.binding.keys.first().filter(|_| is_over)?) {
            KeyMeaning::Binding(nearer) => Some(nearer),
            _ => None,
        }
    }
}

/// What a binding does, in words that stand alone: beside a key `tags` is enough.
pub(super) fn words(binding: &Binding) -> String {
    use actions::{Keys, Repositories, Roles, Staged, Tags, Wizard};
    let word = binding.word;
    let whole = match binding.action {
        Action::Focus(_) => return format!("go to {word}"),
        Action::Sort(_) => return format!("sort {word}"),
        Action::Copy(Copied::Commands) => "copy what is staged as commands",
        Action::Copy(_) => return format!("copy the {word}"),
        Action::NextPane => "go to the next pane",
        Action::PreviousPane => "go to the pane before",
        Action::Move(Move::Top) => "go to the top",
        Action::Move(Move::Bottom) => "go to the bottom",
        Action::Back => "go back, clear filter and marks",
        Action::Return => "go back to where you were",
        Action::Filter => "find in this list",
        Action::FilterLoosely => "find loosely in this list",
        Action::Range => "mark a range",
        Action::MarkAll => "mark all",
        Action::Inspect => "show all details",
        Action::Scroll(Move::Up) => "read back below the list",
        Action::Scroll(_) => "read on below the list",
        Action::Needs => "show what needs you",
        Action::Expiry => "show what expires when",
        Action::Concepts => "show what words mean",
        Action::Help => "show the help",
        Action::Messages => "show messages",
        Action::Repositories(Repositories::Add) => "add a repository",
        Action::Repositories(Repositories::Open) => "open the repository",
        Action::Repositories(Repositories::Remove) => "hide the repository",
        Action::Repositories(Repositories::Restore) => "restore what the server lost",
        Action::Roles(Roles::Restore) => "restore the last good file of the role",
        Action::Repositories(Repositories::Delete) => "delete trust data",
        Action::Repositories(Repositories::Answer) => "look at what the repository asks",
        Action::Repositories(Repositories::Foreign) => "show what notary staged",
        Action::Roles(Roles::Open) => "go to the tags of the role",
        Action::Roles(Roles::Edit) => "edit the role",
        Action::Roles(Roles::Remove) => "remove the signer or role",
        Action::Roles(Roles::Witness) => "sign the role again",
        Action::Roles(Roles::AddDelegation) => "make a role",
        Action::Tags(Tags::Show) => "show all about the tag",
        Action::Tags(Tags::Sign) => "sign the tag as the registry holds it",
        Action::Tags(Tags::Revoke) => "revoke the tag",
        Action::Tags(Tags::Compare) => "compare with the registry",
        Action::Tags(Tags::Verify) => "verify tags down to the layers",
        Action::Keys(Keys::Show) => "show all about the key",
        Action::Keys(Keys::Make) => "make a new key",
        Action::Keys(Keys::BackUp) => "back up keys",
        Action::Keys(Keys::ChangePassphrase) => "change the passphrase",
        Action::Keys(Keys::Label) => "label the key",
        Action::Keys(Keys::Load) => "load a key file",
        Action::Keys(Keys::Export) => "export keys",
        Action::Keys(Keys::Restore) => "restore keys",
        Action::Keys(Keys::OntoToken) => "put the key onto a token",
        Action::Keys(Keys::LockAll) => "lock all keys",
        Action::Keys(Keys::Remove) => "take the key out of roles",
        Action::Keys(Keys::Delete) => "delete the key",
        Action::Staged(Staged::Drop) => "drop the change",
        Action::Staged(Staged::DropAll) => "drop all changes",
        Action::Wizard(Wizard::All) => "choose all",
        _ => word,
    };
    whole.to_owned()
}

/// The name of an action, made of the names in the source, so that none is without one.
pub(super) fn name(action: Action) -> String {
    let mut name = String::new();
    for c in format!("{action:?}").replace("Screen(", "(").chars() {
        match c {
            '(' => name.push('.'),
            c if c.is_uppercase() => {
                if !name.is_empty() && !name.ends_with('.') {
                    name.push('-');
                }
                name.extend(c.to_lowercase());
            }
            c if c.is_alphanumeric() => name.push(c),
            _ => {}
        }
    }
    name
}

/// All places, those where most is done first.
pub(super) const PLACES: [Place; 13] = [
    Place::Pane(Pane::Repositories),
    Place::Pane(Pane::Roles),
    Place::Pane(Pane::Tags),
    Place::Pane(Pane::Keys),
    Place::Pane(Pane::Staged),
    Place::Lists,
    Place::Review,
    Place::Publish,
    Place::Wizard,
    Place::Tour,
    Place::Everywhere,
    Place::Moves,
    Place::Blank,
];

/// All actions, each once: those of the screen that is open first.
pub(super) fn all(state: &State) -> Vec<Named> {
    let mut places = PLACES.to_vec();
    // What holds where the user is comes first.
    places.sort_by_key(|place| (reason(*place, state).is_some(), *place != Place::Pane(state.focus)));
    let mut all: Vec<Named> = Vec::new();
    for place in places {
        for binding in keys::table(state, place) {
            if !all.iter().any(|named| named.binding.action == binding.action) {
                all.push(Named { place, binding });
            }
        }
    }
    all
}

/// The action of this name.
pub(super) fn find(state: &State, wanted: &str) -> Option<Named> {
    all(state).into_iter().find(|named| named.name() == wanted)
}

/// Whether a key of it would be found now.
pub(super) fn holds(state: &State, named: &Named) -> bool {
    keys::tables(state).into_iter().flatten().any(|binding| binding.action == named.binding.action)
}
