//! The logins of Docker's `config.json`, read as leniently as Docker reads them.
//!
//! Source: notary-v1.md section 14.3; Go's JSON parser: member names in any case, `null` for what is not set.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize as _;
use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

use crate::remote::Credential;
use crate::remote::auth::DOCKER_HUB;

/// What concerns logins.
#[derive(Default)]
pub(in crate::engine) struct DockerConfig {
    pub(in crate::engine) auths: BTreeMap<String, Stored>,
    pub(in crate::engine) creds_store: String,
    pub(in crate::engine) cred_helpers: BTreeMap<String, String>,
}

/// One entry of `auths`.
#[derive(Default)]
pub(in crate::engine) struct Stored {
    auth: Zeroizing<String>,
    identity_token: Zeroizing<String>,
    user: String,
    password: Zeroizing<String>,
}

impl DockerConfig {
    /// Reads the file; an empty one says nothing.
    ///
    /// # Errors
    /// Says what is wrong, without quoting the file: it holds passwords.
    pub(in crate::engine) fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        // What follows the first value is nothing to Docker.
        let mut whole = Value::deserialize(&mut serde_json::Deserializer::from_slice(bytes))
            .map_err(|error| format!("line {}, column {} is not JSON", error.line(), error.column()))?;
        let read = Self::of(&whole);
        wipe(&mut whole);
        read
    }

    fn of(whole: &Value) -> Result<Self, String> {
        let whole = match whole {
            Value::Null => return Ok(Self::default()),
            Value::Object(whole) => whole,
            _ => return Err("is not a JSON object".to_owned()),
        };
        let mut read = Self { creds_store: text(whole, "credsStore")?.to_owned(), ..Self::default() };
        for (host, helper) in object(whole, "credHelpers")? {
            let helper = as_text(helper).ok_or("a helper of credHelpers is not a text")?;
            read.cred_helpers.insert(host.clone(), helper.to_owned());
        }
        for (host, entry) in object(whole, "auths")? {
            let stored = match entry {
                Value::Null => Stored::default(),
                Value::Object(entry) => Stored::of(entry)?,
                _ => return Err(format!("the entry {host:?} of auths is not an object")),
            };
            read.auths.insert(host.clone(), stored);
        }
        Ok(read)
    }

    /// The entry for a registry: its own, else the first whose host is the registry's.
    pub(in crate::engine) fn entry_for(&self, registry: &str) -> Option<(&String, &Stored)> {
        let by_host = |(key, _): &(&String, &Stored)| registry != DOCKER_HUB && host_of(key) == registry;
        self.auths.get_key_value(registry).or_else(|| self.auths.iter().find(by_host))
    }
}

fn host_of(key: &str) -> &str {
    let bare = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    bare.split('/').next().unwrap_or(bare)
}

impl Stored {
    fn of(entry: &Map<String, Value>) -> Result<Self, String> {
        let secret = |name| text(entry, name).map(|text| Zeroizing::new(text.to_owned()));
        Ok(Self {
            auth: secret("auth")?,
            identity_token: secret("identitytoken")?,
            user: text(entry, "username")?.to_owned(),
            password: secret("password")?,
        })
    }

    /// The login; `None` if the entry only says that one was there, or has no password, which Docker does not send either.
    ///
    /// # Errors
    /// Says what is expected.
    pub(in crate::engine) fn credential(&self) -> Result<Option<Credential>, &'static str> {
        let expected = "is not base64 of USER:PASSWORD; log in again with docker login";
        let password = match self.auth.is_empty() {
            true => Ok(login(&self.user, self.password.clone())),
            false => basic(&self.auth).ok_or(expected),
        };
        if self.identity_token.is_empty() {
            return password;
        }
        let beside =
            password.ok().flatten().as_ref().and_then(Credential::password).map(|(u, p)| (u.to_owned(), p.clone()));
        Ok(Some(Credential::IdentityToken { token: self.identity_token.clone(), beside }))
    }
}

/// Reads base64 of `USER:PASSWORD`, as `auth` and `NOTARY_AUTH` hold it.
pub(in crate::engine) fn basic(encoded: &str) -> Option<Option<Credential>> {
    let padding = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let plain = GeneralPurpose::new(&STANDARD, padding).decode(encoded.trim()).ok()?;
    let plain = Zeroizing::new(String::from_utf8(plain).ok()?);
    let (user, password) = plain.split_once(':').filter(|(user, _)| !user.is_empty())?;
    Some(login(user, Zeroizing::new(password.trim_matches('\0').to_owned())))
}

fn login(user: &str, password: Zeroizing<String>) -> Option<Credential> {
    let usable = !user.is_empty() && !password.is_empty();
    usable.then(|| Credential::Password { user: user.to_owned(), password })
}

/// A member by its name in any case; that name as it is comes first.
fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let any_case = || object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    object.get(name).or_else(any_case)
}

fn as_text(value: &Value) -> Option<&str> {
    match value {
        Value::Null => Some(""),
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Result<&'a str, String> {
    as_text(member(object, name).unwrap_or(&Value::Null)).ok_or_else(|| format!("{name} is not a text"))
}

fn object<'a>(whole: &'a Map<String, Value>, name: &str) -> Result<Vec<(&'a String, &'a Value)>, String> {
    match member(whole, name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Object(members)) => Ok(members.iter().collect()),
        Some(_) => Err(format!("{name} is not an object")),
    }
}

/// Overwrites all texts.
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(all) => all.iter_mut().for_each(wipe),
        Value::Object(all) => all.values_mut().for_each(wipe),
        _ => {}
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    fn login_in(config: &str) -> Option<(String, String)> {
        let config = DockerConfig::parse(config.as_bytes()).unwrap();
        match config.entry_for("r.test")?.1.credential().unwrap()? {
            Credential::Password { user, password } => Some((user, password.to_string())),
            Credential::IdentityToken { token, beside } => {
                let user =
                    beside.map_or_else(|| "<token>".to_owned(), |(user, password)| format!("{user}:{}", *password));
                Some((user, token.to_string()))
            }
        }
    }

    #[test]
    fn logins_are_read_as_docker_reads_them() {
        let eve = Some(("eve".to_owned(), "secret".to_owned()));
        let table = [
            ("", None),
            (" \n", None),
            ("null", None),
            (r#"{"auths":null,"credsStore":null,"credHelpers":null}"#, None),
            (r#"{"auths":{"r.test":null}}"#, None),
            (r#"{"auths":{"r.test":{"auth":null}}}"#, None),
            (r#"{"auths":{"r.test":{"username":"eve","password":"secret"}}}"#, eve.clone()),
            (r#"{"AUTHS":{"r.test":{"UserName":"eve","PASSWORD":"secret","auth":""}}}"#, eve.clone()),
            (r#"{"auths":{"r.test":{"Auth":"ZXZlOnNlY3JldA"}}}"#, eve.clone()),
            (r#"{"auths":{"https://r.test/v1/":{"auth":"ZXZlOnNlY3JldA=="}}}"#, eve.clone()),
            (r#"{"auths":{"r.test":{"auth":"ZXZlOg=="}}}"#, None),
            (r#"{"auths":{"r.test":{"username":"eve","password":""}}}"#, None),
            (r#"{"auths":{"R.TEST":{"auth":"ZXZlOnNlY3JldA=="}}}"#, None),
            (r#"{"auths":{"r.test":{"identityToken":"abc"}}}"#, Some(("<token>".to_owned(), "abc".to_owned()))),
            (
                r#"{"auths":{"r.test":{"auth":"ZXZlOnNlY3JldA==","identitytoken":"abc"}}}"#,
                Some(("eve:secret".to_owned(), "abc".to_owned())),
            ),
            (r#"{"auths":{"r.test":{"auth":"ZXZlOnNlY3JldA=="}}} {"auths":null}"#, eve.clone()),
            (r#"{"auths":{"r.test":{"auth":"ZXZlOnNlY3JldA=="}}} # mine"#, eve),
        ];
        for (config, expected) in table {
            assert_eq!(login_in(config), expected, "{config}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_a_word_of_the_file() {
        for config in
            ["{secret", r#"["secret"]"#, r#"{"auths":"secret"}"#, r#"{"auths":{"r":{"password":["secret"]}}}"#]
        {
            let error = DockerConfig::parse(config.as_bytes()).err().unwrap();
            assert!(!error.contains("secret"), "{error}");
        }
        assert!(basic("c2VjcmV0").is_none() && basic("?").is_none());
    }
}
