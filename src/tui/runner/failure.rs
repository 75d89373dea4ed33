//! Errors of the engine as plain data.

use crate::engine::error::Untrusted;
use crate::engine::other_root::RootKeyId;
use crate::engine::{EngineError, KeyError, Kind, Problem, RemoteError, TokenError};
use crate::tuf::NameError;
use crate::tui::messages::failure::{Ask, Failure};

/// Longest answer that is kept, in characters.
const RAW: usize = 2000;

pub(in crate::tui) fn broken(what: &str) -> Failure {
    let problem = Problem {
        kind: Kind::Disk,
        message: format!("the work broke off: {what}"),
        hint: "try again; what is staged is safe".to_owned(),
        repository: None,
        role: None,
        tags: None,
        admission: None,
    };
    Failure::plain(problem)
}

/// An engine's error as plain data, with the question that would help.
#[must_use]
pub(in crate::tui) fn of(error: EngineError) -> Failure {
    let mut problem = error.problem();
    if let EngineError::OtherRoot(other) = &error {
        problem.hint = other.hint("i compares them");
    } else if let Some(hint) = in_keys(&error) {
        problem.hint = hint.to_owned();
    }
    let raw = match &error {
        EngineError::Remote { source, .. } => answered(source).map(|raw| raw.chars().take(RAW).collect()),
        _ => None,
    };
    let is_no_trust_server = matches!(&error, EngineError::Remote { source: RemoteError::NotNotary { .. }, .. });
    let ask = match error {
        EngineError::FirstContact { roots, keys, .. } => Some(Ask::FirstContact { roots, keys }),
        EngineError::PinLost { known, found, .. } => Some(Ask::PinLost { known, found, differs: vec![] }),
        EngineError::OtherRoot(other) => {
            let ids = |keys: &[RootKeyId]| keys.iter().map(|(id, _)| id.clone()).collect();
            let differs = if other.has_same_keys() { other.differences() } else { vec![] };
            Some(Ask::PinLost { known: ids(&other.known), found: ids(&other.found), differs })
        }
        EngineError::Stage { .. } => Some(Ask::SetStageAside),
        EngineError::Key(KeyError::WrongPassphrase { opens: Some(id), .. }) => Some(Ask::OtherKey(id)),
        EngineError::Key(KeyError::Token(TokenError::WrongPin { .. })) => Some(Ask::Pin),
        EngineError::Key(KeyError::Token(TokenError::WrongManagementKey(_))) => Some(Ask::ManagementKey),
        _ => problem.admission.as_deref().cloned().map(Ask::Admission),
    };
    Failure { problem, ask, raw, is_no_trust_server }
}

/// What a server answered, in its own words.
fn answered(error: &RemoteError) -> Option<String> {
    match error {
        RemoteError::Server { status, detail, .. } => Some(format!("{status}: {detail}")),
        RemoteError::Invalid { detail, .. } | RemoteError::Incomplete { detail, .. } => Some(detail.clone()),
        RemoteError::BadAnswer { why, .. } | RemoteError::Forbidden { why, .. } => Some(why.clone()),
        _ => None,
    }
}

/// What to press, where the engine names a command that is a key on the screen.
fn in_keys(error: &EngineError) -> Option<&'static str> {
    match error {
        EngineError::Lost { copy: true, .. } => Some(
            "S in Repositories sends this machine's copy again; if its owner has deleted it, D in Repositories forgets it \
             here",
        ),
        EngineError::Lost { copy: false, .. } => {
            Some("ask its owner; if it was deleted, D in Repositories forgets it here")
        }
        EngineError::Unvouched { .. } => {
            Some("ask its signers; S in Roles signs this machine's last good file of it again")
        }
        EngineError::Untrusted { why: Untrusted::Unsigned { .. }, .. } => Some("s in Tags signs it"),
        EngineError::Untrusted { why: Untrusted::Held { .. }, .. } => {
            Some("whoever holds a key of targets/releases signs it there, with s in Tags")
        }
        EngineError::Untrusted { why: Untrusted::NoDigest, .. } => Some("s in Tags signs it again"),
        EngineError::Untrusted { why: Untrusted::Uncounted { .. }, .. } => {
            Some("Roles shows what is wrong with it, and the key that helps")
        }
        EngineError::Untrusted { .. } => Some("whoever holds the role's keys signs it again, with w in Roles"),
        EngineError::Name(NameError::Role(_) | NameError::Delegation(_)) => Some("Roles lists the roles there are"),
        EngineError::Name(NameError::KeyId(_)) => Some("Keys lists the IDs"),
        EngineError::Stage { .. } => Some("x in Staged moves it aside; what was staged is staged anew then"),
        EngineError::Locked(_) => Some("P in the review asks for their passphrases"),
        EngineError::Key(KeyError::NotFound(_)) => {
            Some("sign on the machine that holds this key, or bring it: a in Keys loads a file, i restores a backup")
        }
        EngineError::Key(KeyError::Token(TokenError::Full(_))) => {
            Some("D in Keys deletes a key from it, or take another token")
        }
        EngineError::Remote { source: RemoteError::Unauthorized { .. }, .. } => {
            Some("i in Repositories logs in; the login is kept for this session")
        }
        EngineError::Remote { source: RemoteError::Helper { .. }, .. } => {
            Some("i in Repositories logs in for this session; or run the credential helper by hand")
        }
        EngineError::Remote { source: RemoteError::RealmConsent { .. }, .. } => {
            Some("i in Repositories asks whether logins may go there")
        }
        EngineError::Key(KeyError::ToLoad { .. }) => Some("a in Keys takes it into the key store"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_asked_for_by_its_key_and_not_by_a_command() {
        let registry = "registry.example.com".to_owned();
        let source =
            RemoteError::Unauthorized { host: registry.clone(), registry, user: None, origin: None, who: None };
        let (registry, why) = ("registry.example.com".to_owned(), "no wallet".to_owned());
        let of_helper = RemoteError::Helper { helper: "docker-credential-x".to_owned(), registry, why };
        for source in [source, of_helper] {
            let of_login = of(EngineError::Remote { gun: None, source });
            assert!(of_login.problem.hint.starts_with("i in Repositories"), "{}", of_login.problem.hint);
            assert!(!of_login.problem.hint.contains("docker login"), "{}", of_login.problem.hint);
        }
    }

    #[test]
    fn only_answers_of_servers_are_kept_raw() {
        let of_key = of(EngineError::Key(KeyError::WrongBackupPassphrase { path: "backup.zip".into() }));
        assert_eq!(of_key.raw, None);
        let host = "notary.example.com".to_owned();
        let answer = RemoteError::Server { host, status: 500, detail: "no space left".to_owned() };
        assert_eq!(answered(&answer), Some("500: no space left".to_owned()));
    }
}
