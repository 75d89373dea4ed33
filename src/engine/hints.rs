//! Each error's class, next step, repository and role: one table, read by screens and commands alike.

mod remote;

use std::io::ErrorKind;

use super::error::{Admission, EngineError, Kind, Problem, Untrusted};
use super::reference::{image_in_command, in_command};
use crate::keys::{KeyError, TokenError};
use crate::remote::RemoteError;
use crate::remote::auth::{TOKEN_USER, named_registry};
use crate::tuf::{Gun, NameError, Role, VerifyError};

impl EngineError {
    /// The class.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Name(_) | Self::Input { .. } | Self::Change { .. } => Kind::Input,
            Self::Verify { source, .. } => verify_kind(source),
            Self::Clock { .. } => Kind::Freeze,
            Self::Remote { source, .. } => remote::kind(source),
            Self::CopyRefused { source, .. } => remote::kind(source),
            Self::Absent { .. } | Self::Lost { .. } => Kind::Absent,
            Self::Untrusted { why: Untrusted::Orphaned { .. }, .. } => Kind::Signature,
            Self::Untrusted { why: Untrusted::Uncounted { cause }, .. } => cause.kind,
            Self::Untrusted { .. } => Kind::Absent,
            Self::Key(key) => key_kind(key),
            Self::FirstContact { .. } | Self::PinLost { .. } | Self::OtherRoot(_) => Kind::Pin,
            Self::Locked(_) => Kind::Passphrase,
            Self::PlanChanged { .. } | Self::Moved { .. } | Self::Conflict { .. } => Kind::Conflict,
            Self::OutcomeUnknown { .. } => Kind::OutcomeUnknown,
            Self::NotStored { .. } | Self::PartlyStored { .. } => Kind::NotStored,
            Self::Policy { .. } => Kind::Policy,
            Self::Unvouched { .. } => Kind::Role,
            Self::Cancelled => Kind::Cancelled,
            Self::Disk { .. }
            | Self::State { .. }
            | Self::Stage { .. }
            | Self::OwnDir { .. }
            | Self::Exposed { .. } => Kind::Disk,
            Self::BusyLocal { .. } => Kind::BusyLocal,
        }
    }

    /// What to do next, as one sentence.
    #[must_use]
    pub fn hint(&self) -> String {
        let fixed = match self {
            Self::Name(name) => name_hint(name),
            Self::Input { hint, .. }
            | Self::Policy { hint, .. }
            | Self::Change { hint, .. }
            | Self::Unvouched { hint, .. }
            | Self::CopyRefused { hint, .. } => return hint.clone(),
            Self::Verify { source, .. } => verify_hint(source),
            Self::Remote { source, .. } => return remote::hint(source),
            Self::Absent { .. } => {
                "check the name and the server; adding a first signer creates trust data for this repository"
            }
            Self::Lost { gun, copy: true, .. } => {
                let name = in_command(gun);
                return format!(
                    "to send this machine's copy again: trustdeck restore {name}; if its owner has deleted it, trustdeck \
                     delete {name} forgets it here"
                );
            }
            Self::Lost { gun, copy: false, .. } => {
                let name = in_command(gun);
                return format!("ask its owner; if it was deleted, trustdeck delete {name} forgets it here");
            }
            Self::OtherRoot(other) => {
                let way_on = format!(
                    "if so, trustdeck delete {} forgets the old root, and the next read shows the new one",
                    in_command(&other.gun)
                );
                return other.hint(&way_on);
            }
            Self::Untrusted { gun, tag, why } => return untrusted_hint(gun, tag, why),
            Self::Key(key) => key_hint(key),
            Self::FirstContact { .. } => "compare the root key with what its owner published, then accept it",
            Self::PinLost { .. } => {
                "ask the owner whether the root key was replaced; if so, delete the local data of this repository and \
                 read it again"
            }
            Self::Clock { .. } => {
                "set this machine's clock; if it was wrong before and is right now, ask the server again"
            }
            Self::Locked(_) => "unlock the keys, or set the passphrase variables, and publish again",
            Self::Moved { .. } => {
                "find out who pushed it; sign the tag again to take what is there now, or drop the change"
            }
            Self::PlanChanged { .. } => "review the new plan and publish again",
            Self::Conflict { .. } => "agree with the others who publishes, then try again",
            Self::OutcomeUnknown { .. } => {
                "once the server answers, publish again: it looks first what became of this, and sends nothing twice"
            }
            Self::NotStored { .. } | Self::PartlyStored { .. } => {
                "ask whoever runs the server why it lost the change, and publish again"
            }
            Self::Cancelled => "nothing was changed by it; what is staged stays so",
            Self::Disk { source, .. } => disk_hint(source),
            Self::OwnDir { dir, source, .. } if source.kind() == ErrorKind::ReadOnlyFilesystem => {
                return format!("name a directory that can be written with {}", dir.variable());
            }
            Self::OwnDir { dir, source, .. } => {
                return format!("{}; or name another directory with {}", disk_hint(source), dir.variable());
            }
            Self::Exposed { path, is_own: true, .. } => {
                return format!("see that nobody has changed it, then: chmod 700 {}", path.display());
            }
            Self::Exposed { path, .. } => {
                let path = path.display();
                return format!(
                    "see that nobody has changed it, then: chown {} {path}; chmod 700 {path}",
                    rustix::process::geteuid().as_raw()
                );
            }
            Self::BusyLocal { holder: Some(holder), .. } if holder.is_stopped => {
                return format!("continue it (kill -CONT {0}) or end it (kill {0}), then try again", holder.pid);
            }
            Self::BusyLocal { .. } => "wait until it is done, or end it, then try again",
            Self::State { is_newer: true, .. } => "use the newest trustdeck",
            Self::State { .. } => "move the file aside",
            Self::Stage { .. } => {
                "trustdeck reset moves it aside under another name; what was staged is staged anew then"
            }
        };
        fixed.to_owned()
    }

    /// The repository it is about.
    #[must_use]
    pub fn repository(&self) -> Option<&Gun> {
        match self {
            Self::OtherRoot(other) => Some(&other.gun),
            Self::Verify { gun, .. }
            | Self::Clock { gun, .. }
            | Self::Absent { gun, .. }
            | Self::Lost { gun, .. }
            | Self::Untrusted { gun, .. }
            | Self::FirstContact { gun, .. }
            | Self::PinLost { gun, .. }
            | Self::PlanChanged { gun, .. }
            | Self::Moved { gun, .. }
            | Self::Conflict { gun }
            | Self::OutcomeUnknown { gun, .. }
            | Self::NotStored { gun, .. }
            | Self::PartlyStored { gun, .. }
            | Self::Unvouched { gun, .. }
            | Self::CopyRefused { gun, .. }
            | Self::Change { gun, .. } => Some(gun),
            Self::Remote { gun, .. } | Self::Policy { gun, .. } => gun.as_ref(),
            _ => None,
        }
    }

    /// The role it is about.
    #[must_use]
    pub fn role(&self) -> Option<&Role> {
        match self {
            Self::Verify { source, .. } => verify_role(source),
            Self::Remote { source: RemoteError::Invalid { role, .. }, .. } | Self::Change { role, .. } => role.as_ref(),
            Self::Unvouched { role, .. } => role.as_ref(),
            Self::Untrusted { why: Untrusted::Uncounted { cause }, .. } => cause.role.as_ref(),
            Self::OtherRoot(_) => Some(&Role::Root),
            Self::Remote { source: RemoteError::Incomplete { missing, .. }, .. } => Some(missing),
            _ => None,
        }
    }

    /// The same as plain data.
    #[must_use]
    pub fn problem(&self) -> Problem {
        Problem {
            kind: self.kind(),
            message: self.to_string(),
            hint: self.hint(),
            repository: self.repository().cloned(),
            role: self.role().cloned(),
            tags: None,
            admission: self.admission().map(Box::new),
        }
    }

    /// What would make a server let in, for every refusal and for a helper that gave no login.
    fn admission(&self) -> Option<Admission> {
        let Self::Remote { gun, source } = self else { return None };
        let named = |host: &str| gun.as_ref().and_then(named_registry).unwrap_or(host).to_owned();
        match source {
            RemoteError::RealmConsent { host, realm } => {
                Some(Admission::Realm { host: host.clone(), realm: realm.clone() })
            }
            RemoteError::Unauthorized { registry, user, .. } => {
                let user = user.clone().filter(|user| user != TOKEN_USER);
                Some(Admission::Login { registry: registry.clone(), user })
            }
            RemoteError::Forbidden { host, .. } => Some(Admission::Login { registry: named(host), user: None }),
            RemoteError::Helper { registry, .. } => Some(Admission::Login { registry: registry.clone(), user: None }),
            _ => None,
        }
    }
}

fn untrusted_hint(gun: &Gun, tag: &str, why: &Untrusted) -> String {
    // Without a registry nothing tells what the tag is.
    let told = if gun.host().is_some() { "" } else { " --digest sha256:HEX --size BYTES" };
    let image = image_in_command(gun, tag) + told;
    match why {
        Untrusted::Unsigned { .. } if gun.host().is_some() => format!(
            "if the registry has it, as trustdeck tags {} shows, sign it with: trustdeck sign {image} --publish",
            in_command(gun)
        ),
        Untrusted::Unsigned { .. } => format!("sign it with: trustdeck sign {image} --publish"),
        Untrusted::Held { .. } => {
            let command = format!("trustdeck sign {image} --role targets/releases --publish");
            format!("whoever holds the keys of targets/releases signs it there: {command}")
        }
        Untrusted::NoDigest => format!("sign it again: trustdeck sign {image} --publish"),
        Untrusted::Orphaned { roles } => {
            let roles: Vec<&str> = roles.iter().map(Role::as_str).collect();
            let command = format!("trustdeck witness {} {} --publish", in_command(gun), roles.join(" "));
            format!("whoever holds a key of it signs it again: {command}")
        }
        Untrusted::Uncounted { cause } => cause.hint.clone(),
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        error.problem()
    }
}

fn verify_kind(error: &VerifyError) -> Kind {
    match error {
        VerifyError::Format { .. } => Kind::Format,
        VerifyError::Limit { .. } => Kind::Limit,
        VerifyError::Threshold { .. } | VerifyError::RootStep { .. } | VerifyError::RootGap { .. } => Kind::Signature,
        VerifyError::Expired { .. } | VerifyError::RootNotYet { .. } => Kind::Freeze,
        VerifyError::Rollback { .. } => Kind::Rollback,
        VerifyError::Equivocation { .. } => Kind::Equivocation,
        VerifyError::Mix { .. } => Kind::Mix,
        VerifyError::Missing { .. } => Kind::Role,
        VerifyError::RootChain { .. }
        | VerifyError::RootCertificate { .. }
        | VerifyError::PinEntry { .. }
        | VerifyError::Pin { .. } => Kind::Pin,
    }
}

fn verify_role(error: &VerifyError) -> Option<&Role> {
    match error {
        VerifyError::Format { role, .. }
        | VerifyError::Limit { role, .. }
        | VerifyError::Threshold { role, .. }
        | VerifyError::Expired { role, .. }
        | VerifyError::Rollback { role, .. }
        | VerifyError::Equivocation { role, .. }
        | VerifyError::Mix { role, .. }
        | VerifyError::Missing { role, .. } => Some(role),
        VerifyError::RootChain { .. }
        | VerifyError::RootStep { .. }
        | VerifyError::RootGap { .. }
        | VerifyError::RootCertificate { .. }
        | VerifyError::RootNotYet { .. }
        | VerifyError::PinEntry { .. }
        | VerifyError::Pin { .. } => Some(&Role::Root),
    }
}

// None of these may suggest a way around a check.
fn verify_hint(error: &VerifyError) -> &'static str {
    match error {
        VerifyError::Expired { .. } => {
            "whoever holds the role's key must sign it again (the server does for timestamp); check this machine's clock"
        }
        VerifyError::Threshold { .. } => "ask the holders of the role's keys to sign it again",
        VerifyError::RootChain { .. } | VerifyError::RootStep { .. } | VerifyError::Pin { .. } => {
            "this may be an attack: ask the owner of the repository, over another way, whether the root was replaced"
        }
        VerifyError::PinEntry { .. } => "mend trust_pinning in ~/.notary/config.json, or ask whoever wrote it",
        VerifyError::RootGap { .. } => {
            "ask whoever runs the server to bring the missing root versions back; without them nothing says that the new \
             root is genuine"
        }
        VerifyError::RootNotYet { .. } => "set this machine's clock; if it is right, ask the owner whether theirs was",
        VerifyError::RootCertificate { .. } => {
            "ask the owner of the repository: if its certificate has ended, it must be deleted and set up again"
        }
        VerifyError::Rollback { .. } | VerifyError::Equivocation { .. } | VerifyError::Mix { .. } => {
            "this may be an attack or a server restored from a backup: ask whoever runs the server"
        }
        VerifyError::Format { .. } | VerifyError::Limit { .. } | VerifyError::Missing { .. } => {
            "ask whoever published the repository last which program wrote this file"
        }
    }
}

fn key_kind(error: &KeyError) -> Kind {
    match error {
        KeyError::WrongPassphrase { .. } | KeyError::WrongBackupPassphrase { .. } | KeyError::Locked(_) => {
            Kind::Passphrase
        }
        KeyError::Disk { .. } => Kind::Disk,
        KeyError::Token(TokenError::WrongPin { .. } | TokenError::WrongManagementKey(_)) => Kind::Passphrase,
        KeyError::Token(TokenError::Cancelled) => Kind::Cancelled,
        KeyError::Token(TokenError::Several(_)) => Kind::Input,
        _ => Kind::Keystore,
    }
}

fn token_hint(error: &TokenError) -> &'static str {
    match error {
        TokenError::Module { .. } => {
            "name a PKCS#11 module with pkcs11_module in config.toml or TRUSTDECK_PKCS11_MODULE; only root or you may be \
             able to write it"
        }
        TokenError::NoModule => {
            "install the YubiKey's module (ykcs11), or name another with pkcs11_module in config.toml or \
             TRUSTDECK_PKCS11_MODULE"
        }
        TokenError::WithoutTokens => "build it with the feature pkcs11, which is on by default",
        TokenError::Absent(_) => "plug the token in and try again",
        TokenError::PulledOut(_) => "plug it in again and try again",
        TokenError::Several(_) => "name one by its label or serial number: --token=TOKEN",
        TokenError::WrongPin { .. } => "take care with the next try: a token locks itself after few wrong PINs",
        TokenError::PinLocked(_) => {
            "set a new PIN with the PUK (ykman piv access unblock-pin) or as its security officer; trustdeck never does"
        }
        TokenError::PinUnset(_) => "set one with the token's own tool, such as ykman piv access change-pin",
        TokenError::WrongManagementKey(_) => {
            "give the one that was set (48 hexadecimal digits): TRUSTDECK_TOKEN_MANAGEMENT_KEY, or type it"
        }
        TokenError::PinEachTime(_) => {
            "put a key there that asks for the PIN once (ykman piv keys generate --pin-policy once), or name another \
             PKCS#11 module for the token, such as OpenSC's"
        }
        TokenError::Full(_) => "remove a key from it, or take another token; trustdeck key token list shows them",
        TokenError::Refused { .. } => "check the token with its own tool",
        TokenError::Cancelled => "try again when the token is at hand",
    }
}

fn key_hint(error: &KeyError) -> &'static str {
    match error {
        KeyError::NotFound(_) => {
            "sign on the machine that holds this key, or bring it with trustdeck key load or key restore"
        }
        KeyError::WrongPassphrase { opens: Some(_), .. } => "this is the passphrase of another key; type this key's",
        KeyError::WrongPassphrase { opens: None, .. } | KeyError::WrongBackupPassphrase { .. } => {
            "check the passphrase and try again"
        }
        KeyError::Locked(_) => "give its passphrase",
        KeyError::Format { .. } | KeyError::Unsupported(_) => "restore the key file from a backup, or use another key",
        KeyError::Convertible { .. } => {
            "convert it, then take what comes out into the key store: trustdeck key load FILE"
        }
        KeyError::ToLoad { .. } => "take it into the key store with: trustdeck key load FILE",
        KeyError::Link { .. } => {
            "nothing is lost: copy the files with cp -L into a directory of your own, and name that with --trust-dir"
        }
        KeyError::NoPublicKey { .. } => {
            "give a file with a public key or a certificate in PEM form, such as docker trust key generate writes"
        }
        KeyError::OtherKey { .. } => "rename the file to the ID of the key that it holds",
        KeyError::Token(error) => token_hint(error),
        KeyError::Disk { source, .. } => disk_hint(source),
    }
}

/// What to do about a file or directory, by what the system says of it.
fn disk_hint(source: &std::io::Error) -> &'static str {
    match source.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => "check the path",
        ErrorKind::IsADirectory => "name a file, not a directory",
        ErrorKind::PermissionDenied => "mend the permissions of this path, or use it as the user whose it is",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free space on its disk, then try again",
        ErrorKind::ReadOnlyFilesystem => "name a place that can be written",
        ErrorKind::FileTooLarge => "see that this is the right file",
        // In words of ours: what lies there is something else.
        ErrorKind::Other => "see what lies at this path",
        _ => "look after this path and its disk, then try again",
    }
}

fn name_hint(error: &NameError) -> &'static str {
    match error {
        NameError::Gun(_) => "write it as HOST/PATH, such as registry.example.com/team/app, without spaces",
        NameError::Role(_) | NameError::Delegation(_) => {
            "trustdeck delegation list shows the roles that a repository has"
        }
        NameError::Signer(_) | NameError::ReservedSigner => "choose another name for the signer",
        NameError::Target(_) => "give a tag such as 1.0",
        NameError::KeyId(_) => "trustdeck key list shows the IDs",
    }
}
