//! The dialogs that panes open, filled with what is known.

use crate::engine::stage::foreign::ForeignChanges;
use crate::engine::view::RoleView;
use crate::engine::{Admission, Change, Health, KeyView, Passphrase};
use crate::tuf::{CanonicalKeyId, Gun, KeyId, SignerName, TargetName};
use crate::tui::dialogs::Dialog;
use crate::tui::dialogs::choose::{Choose, Reply};
use crate::tui::dialogs::confirm::{Confirm, Subject};
use crate::tui::dialogs::form::{Field, Form, Input, Purpose};
use crate::tui::dialogs::label::Label;
use crate::tui::kit::field::TextField;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::failure::{Ask, Failure};
use crate::tui::state::{State, staging, words};

pub(in crate::tui) fn text(label: Label, hint: &str) -> Field {
    Field { label, input: Input::Text(TextField::default()), hint: hint.to_owned() }
}

pub(in crate::tui) fn path(hint: &str) -> Field {
    Field { label: Label::KeyFile, input: Input::Path(TextField::default()), hint: hint.to_owned() }
}

pub(in crate::tui) fn form(title: &'static str, subject: String, purpose: Purpose, fields: Vec<Field>) -> Form {
    Form {
        title,
        subject,
        purpose,
        fields,
        focus: 0,
        error: None,
        wrong: None,
        busy: None,
        attempts: 0,
        candidates: vec![],
        verb: "stage",
        note: String::new(),
    }
}

/// Asks for a repository to list.
pub fn add_repository() -> Form {
    let fields = vec![text(Label::Repository, "as docker writes it, such as alpine or registry.example.com/team/app")];
    let note = "Nothing is changed on the server; its trust data is read and verified.".to_owned();
    let subject = "Which repository?".to_owned();
    Form { verb: "add", note, ..form("Add a repository", subject, Purpose::AddRepository, fields) }
}

/// Asks for the trust server of all repositories.
pub fn name_server(state: &State) -> Form {
    let mut field = text(Label::Server, "its address, such as https://notary.example.com:4443");
    if let Some(server) = &state.here.server {
        field.input = Input::Text(TextField::with(server));
    }
    let note = "For all repositories that are not on a server of their own. It is kept in trustdeck's configuration.";
    let subject = "Which trust server?".to_owned();
    let form = form("Name a server", subject, Purpose::NameServer, vec![field]);
    Form { verb: "take it", note: note.to_owned(), ..form }
}

/// Asks for a signer and its keys.
pub fn add_signer(state: &State, guns: Vec<Gun>) -> Form {
    let subject = match guns.as_slice() {
        [gun] => state.name_of(gun),
        guns => format!("{} repositories", guns.len()),
    };
    let creates = guns.iter().any(|g| state.find(g).is_some_and(|r| r.health() == Health::New));
    let is_lost = guns.iter().any(|g| state.find(g).and_then(|r| r.view.as_ref()).is_some_and(|view| view.lost));
    let note = if is_lost {
        "The server has lost its trust data, and this machine has no whole copy of it; ask its signers, whose machines may."
            .to_owned()
    } else if creates {
        "The repository has no trust data: this creates it, with a root key chosen or made at publish.".to_owned()
    } else {
        "The key is added to the signer's own role and to releases, as docker trust does.".to_owned()
    };
    // The tour works on its own files, whose paths nobody should have to type.
    let tour = state.tour.as_ref().filter(|tour| tour.adds_signer_to(&guns));
    let (of_name, of_file) = match tour {
        Some(_) => ("filled in for the tour", "filled in for the tour"),
        None => ("small letters, digits, - and _", "a public key or certificate in PEM form; tab completes"),
    };
    let fields = vec![text(Label::Name, of_name), path(of_file)];
    let mut form = Form { note, ..form("Add a signer", subject, Purpose::AddSigner { guns }, fields) };
    if let Some((name, file)) = tour.map(|tour| &tour.signer) {
        form.fill(Label::Name, name);
        form.fill(Label::KeyFile, file);
    }
    form
}

/// Asks for a delegation, its keys and paths.
pub fn add_delegation(state: &State, gun: Gun) -> Form {
    let fields = vec![
        text(Label::Role, "such as qa, or releases/nightly for one below releases"),
        path("a public key or certificate in PEM form, or empty"),
        text(Label::Paths, "prefixes of tags that it may sign, separated by blanks"),
        Field {
            label: Label::Unnamed,
            input: Input::Switch("all paths".to_owned(), true),
            hint: "space changes it".to_owned(),
        },
    ];
    form("Make a role", state.name_of(&gun), Purpose::AddDelegation { gun }, fields)
}

/// Asks how a delegation should change.
pub fn edit_delegation(state: &State, gun: &Gun, role: &RoleView) -> Option<Form> {
    let name = role.role.delegation()?.clone();
    let all = role.paths.iter().any(String::is_empty);
    let mut fields = vec![
        path("a key to add, or empty"),
        text(Label::AddPaths, "prefixes to add, separated by blanks"),
        text(Label::DropPaths, "prefixes to remove, separated by blanks"),
        Field {
            label: Label::Unnamed,
            input: Input::Switch("add all paths".to_owned(), false),
            hint: "space changes it".to_owned(),
        },
    ];
    for key in &role.keys {
        let label = format!("keep {}", key.called());
        fields.push(Field {
            label: Label::Unnamed,
            input: Input::Switch(label, true),
            hint: "space takes the key away".to_owned(),
        });
    }
    let purpose = Purpose::EditDelegation {
        gun: gun.clone(),
        role: name,
        keys: role.keys.iter().map(|k| k.canonical.clone()).collect(),
    };
    let paths = if all { "all paths".to_owned() } else { role.paths.join(" ") };
    let subject = format!("{}  {}", state.name_of(gun), role.role);
    Some(Form { note: format!("now: {paths}"), ..form("Edit a role", subject, purpose, fields) })
}

const ROLES: &str = "empty: those that docker trust sign would choose";

/// Asks for a tag to sign; `tag` is filled in.
pub fn sign_tag(state: &State, gun: Gun, tag: &str) -> Form {
    let mut fields = vec![
        text(Label::Tag, "such as 1.0; or paste what docker push printed"),
        text(Label::Digest, "empty: what the registry holds under the tag"),
        text(Label::Size, "of the manifest in bytes; empty: as the registry says"),
        text(Label::Roles, ROLES),
    ];
    fields.iter_mut().take(1).for_each(|field| field.input = Input::Text(TextField::with(tag)));
    form("Sign a tag", state.name_of(&gun), Purpose::SignTag { gun }, fields)
}

/// Asks into which roles the marked tags are to be signed.
pub fn sign_marked(state: &State, gun: Gun, tags: Vec<TargetName>) -> Form {
    let note =
        "Each with what the registry holds under it; other images than the signed ones are shown first.".to_owned();
    let subject = format!("{} of {}", crate::tui::kit::format::count(tags.len(), "tag", "tags"), state.name_of(&gun));
    let fields = vec![text(Label::Roles, ROLES)];
    Form { note, ..form("Sign tags", subject, Purpose::SignMarked { gun, tags }, fields) }
}

fn log_in(state: &State, gun: &Gun, host: &str, user: Option<&str>) -> Form {
    let mut name = text(Label::User, "");
    name.input = Input::Text(TextField::with(user.unwrap_or_default()));
    let focus = usize::from(user.is_some());
    let password = Field {
        label: Label::Password,
        input: Input::Secret(Passphrase::new()),
        hint: "or an access token".to_owned(),
    };
    let token = Field {
        label: Label::Unnamed,
        input: Input::Switch("this is an identity token".to_owned(), false),
        hint: "space changes it; it needs no user".to_owned(),
    };
    let purpose = Purpose::LogIn { gun: gun.clone(), host: host.to_owned() };
    let note = "Kept for this session only; docker login stores it for good.".to_owned();
    let subject = format!("{host}  for {}", state.name_of(gun));
    Form { verb: "log in", note, focus, ..form("Log in", subject, purpose, vec![name, password, token]) }
}

/// The question that a repository asks.
pub fn answer(state: &State, gun: &Gun) -> Option<Dialog> {
    let question = state.find(gun)?.question()?;
    let name = state.name_of(gun);
    Some(match &question {
        Ask::FirstContact { roots, keys } => {
            let same = same_root(state, gun, keys);
            Dialog::Choose(first_contact(gun, name, roots, &same))
        }
        Ask::PinLost { known, found, differs } => Dialog::Choose(pin_lost(gun, name, (known, found), differs)),
        Ask::Admission(admission) => admit(state, gun, admission),
        Ask::OtherKey(_) | Ask::Pin | Ask::ManagementKey | Ask::SetStageAside => return None,
    })
}

/// Asks once whether a file of staged changes that cannot be read is moved aside; other failures are told.
pub fn unread_stage(state: &mut State, failure: &Failure) {
    if failure.ask != Some(Ask::SetStageAside) {
        return state.complain(failure);
    }
    if state.unread_stage.replace(failure.clone()).is_some() {
        return;
    }
    state.record(failure);
    state.dialogs.push(Dialog::Choose(Choose {
        title: "Staged changes".to_owned(),
        about: vec![failure.problem.message.clone(), "Everything else works; nothing can be staged.".to_owned()],
        replies: vec![
            Reply::new("leave it", state.spoken("look at the file first; x in Staged moves it aside"), vec![]),
            Reply::new("move it aside", "under another name; nothing of it is deleted", vec![Effect::SetStageAside]),
        ],
        grave: true,
        ..Choose::default()
    }));
}

/// Asks for what would make a server let in.
pub fn admit(state: &State, gun: &Gun, admission: &Admission) -> Dialog {
    match admission {
        Admission::Login { registry, user } => Dialog::Form(log_in(state, gun, registry, user.as_deref())),
        Admission::Realm { host, realm } => Dialog::Choose(Choose {
            title: "Where logins go".to_owned(),
            subject: state.name_of(gun),
            about: vec![format!("{host} sends logins to {realm}. Your user name and password would go there.")],
            replies: vec![
                Reply::new("do not send them", "what that server asks a login for stays unread", vec![]),
                Reply::new(
                    "allow it",
                    format!("remembered for {realm}"),
                    vec![Effect::AcceptRealm(gun.clone(), realm.clone())],
                ),
            ],
            ..Choose::default()
        }),
    }
}

fn fingerprints(ids: &[KeyId]) -> Vec<String> {
    ids.iter().map(|id| words::grouped(id.as_str())).collect()
}

/// Other repositories of the same server that wait for the same question about the same bare root keys.
fn same_root(state: &State, gun: &Gun, keys: &[CanonicalKeyId]) -> Vec<(Gun, Vec<KeyId>)> {
    let server = state.find(gun).map(|r| &r.entry.server);
    let others = state.known.repositories.iter().filter(|r| r.entry.gun != *gun && Some(&r.entry.server) == server);
    let asked = others.filter_map(|r| match r.failure.as_ref()?.ask.as_ref()? {
        Ask::FirstContact { roots, keys: theirs } if theirs == keys && !keys.is_empty() => {
            Some((r.entry.gun.clone(), roots.clone()))
        }
        _ => None,
    });
    asked.collect()
}

fn first_contact(gun: &Gun, name: String, roots: &[KeyId], same: &[(Gun, Vec<KeyId>)]) -> Choose {
    let mut about = vec![
        "This machine meets the repository for the first time. Compare the root key with what its owner tells you:"
            .to_owned(),
    ];
    about.extend(fingerprints(roots));
    let accept = Effect::AcceptRoot(gun.clone(), roots.to_vec());
    let mut choices = vec![Reply::new("trust this root", "asked once", vec![accept.clone()])];
    if !same.is_empty() {
        let others = same.iter().map(|(gun, roots)| Effect::AcceptRoot(gun.clone(), roots.clone()));
        let word = format!("trust it for all {} repositories", same.len() + 1);
        choices.push(Reply::new(word, "same server, same root key", [accept].into_iter().chain(others).collect()));
    }
    choices.push(Reply::new("not now", "the repository stays unread", vec![]));
    Choose { title: "First contact".to_owned(), subject: name, about, replies: choices, ..Choose::default() }
}

fn pin_lost(gun: &Gun, name: String, (known, found): (&[KeyId], &[KeyId]), differs: &[String]) -> Choose {
    let mut about = vec!["This machine trusted this root:".to_owned()];
    about.extend(fingerprints(known));
    about.push("The server shows this one:".to_owned());
    about.extend(fingerprints(found));
    if !differs.is_empty() {
        about.push("Both are of the same root key, so that it is right proves nothing. What is another:".to_owned());
        about.extend(differs.iter().cloned());
    }
    Choose {
        title: "The root is another one".to_owned(),
        subject: name,
        about,
        replies: vec![
            Reply::new("keep what was trusted", "the repository stays refused", vec![]),
            Reply::new(
                "trust the new root",
                "only if its owner confirms it",
                vec![Effect::AcceptRoot(gun.clone(), found.to_vec())],
            ),
        ],
        grave: true,
        ..Choose::default()
    }
}

/// Which of a role's keys to remove, or the role as a whole.
pub fn remove_role(state: &State, gun: &Gun, role: &RoleView) -> Dialog {
    let Some(name) = role.role.delegation().cloned() else { return Dialog::Choose(Choose::default()) };
    let whole = words::removal(&name);
    let stage = |change: Change| staging::add(state, vec![(gun.clone(), change)]);
    let mut choices = vec![Reply::new(whole.describe(), "with all its keys", stage(whole))];
    for key in &role.keys {
        let label = format!("key {}", key.called());
        if let Ok(signer) = SignerName::parse(name.short()) {
            let change = Change::RemoveSignerKey { name: signer, key: key.canonical.clone() };
            choices.push(Reply::new(label.clone(), "from this role and releases", stage(change)));
        }
        let remove_keys = vec![key.canonical.clone()];
        let change =
            Change::EditDelegation { role: name.clone(), remove_keys, remove_paths: vec![], clear_paths: false };
        choices.push(Reply::new(label, "from this role only", stage(change)));
    }
    let subject = format!("{}  {}", state.name_of(gun), role.role);
    Dialog::Choose(Choose { title: "What to remove".to_owned(), subject, replies: choices, ..Choose::default() })
}

/// From which repositories to remove a key.
pub fn remove_key(state: &State, key: &KeyView) -> Dialog {
    let mut guns: Vec<&Gun> = Vec::new();
    for (gun, role) in &key.used_in {
        if role.delegation().is_some() && !guns.contains(&gun) {
            guns.push(gun);
        }
    }
    let purge = |gun: &Gun| (gun.clone(), Change::PurgeKeys { keys: vec![key.id.clone()] });
    let mut choices: Vec<Reply> = guns
        .iter()
        .map(|gun| Reply::new(state.name_of(gun), "from all its delegations", staging::add(state, vec![purge(gun)])))
        .collect();
    if guns.len() > 1 {
        let all = guns.iter().map(|gun| purge(gun)).collect();
        choices.push(Reply::new(format!("all {} repositories", guns.len()), "", staging::add(state, all)));
    }
    let subject = key.called();
    let about = vec!["The key file stays; roles no longer list the key once this is published.".to_owned()];
    Dialog::Choose(Choose {
        title: "Remove a key from roles".to_owned(),
        subject,
        about,
        replies: choices,
        ..Choose::default()
    })
}

/// Delete the data on the server, or forget what this machine holds.
pub fn delete(state: &State, gun: &Gun) -> Dialog {
    let name = state.name_of(gun);
    let remote = Confirm {
        subject: Subject::Delete(gun.clone(), staging::add(state, vec![(gun.clone(), Change::Delete)])),
        title: "Delete all trust data".to_owned(),
        name: name.clone(),
        sentences: vec![
            "Roles, keys and every signature of this repository are deleted on the server.".to_owned(),
            "It is staged now and done at publish; once published it cannot be undone.".to_owned(),
        ],
        expected: name.clone(),
        typed: TextField::default(),
    };
    Dialog::Choose(Choose {
        title: "Delete".to_owned(),
        subject: name,
        about: vec![],
        replies: vec![
            Reply::new(
                "forget it here",
                "cache and pin of this machine; keys stay",
                vec![Effect::DeleteLocal(gun.clone())],
            ),
            Reply::leads_to("delete on the server", "asks for the full name", Dialog::Confirm(remote)),
        ],
        grave: true,
        ..Choose::default()
    })
}

/// What to do with changes that `notary` staged.
pub fn foreign(state: &State, gun: &Gun, changes: &ForeignChanges) -> Dialog {
    let mut about = changes.lines.clone();
    let leave = Reply::new("leave them", "notary keeps them; docker trust inspect deletes them", vec![]);
    let mut choices = vec![leave];
    match &changes.adoptable {
        Ok(_) => choices
            .insert(0, Reply::new("adopt", "they become staged changes here", vec![Effect::AdoptForeign(gun.clone())])),
        Err(problem) => about.insert(0, format!("cannot be adopted: {}", problem.message)),
    }
    choices.push(Reply::new("drop", "moved aside, not deleted", vec![Effect::DropForeign(gun.clone())]));
    let title = "Staged by notary".to_owned();
    Dialog::Choose(Choose { title, subject: state.name_of(gun), about, replies: choices, ..Choose::default() })
}
