//! Who may do what: nobody is asked, HTTP Basic, or tokens that the sandbox issues itself.
//!
//! Source: docs/notary-v1.md section 13, "Authentication", and the Docker registry token protocol.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp as Time;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::answer::{Code, TrustRefusal};
use super::error::SandboxError;
use super::registry;
use super::registry::Right;
use super::route::Route;
use crate::keys::Passphrase;

/// Name of the service in challenges and tokens.
const SERVICE: &str = "trustdeck-sandbox";
/// Seconds that a token lasts.
const LIFETIME: i64 = 300;
/// Seconds by which clocks may differ, as with Notary.
const LEEWAY: i64 = 60;

/// The one user of a sandbox with logins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Name.
    pub user: String,
    /// Password.
    pub password: Passphrase,
}

impl Login {
    /// Reads `user:password`.
    ///
    /// # Errors
    /// [`SandboxError::Login`] without a colon or a name.
    pub fn parse(text: &str) -> Result<Self, SandboxError> {
        match text.split_once(':') {
            Some((user, password)) if !user.is_empty() && !password.is_empty() => {
                Ok(Self { user: user.to_owned(), password: Passphrase::from_text(password) })
            }
            _ => Err(SandboxError::Login),
        }
    }

    fn matches(&self, basic: &str) -> bool {
        let Ok(given) = STANDARD.decode(basic) else { return false };
        let expected = [self.user.as_bytes(), b":", self.password.bytes()].concat();
        // Digests are compared, so that the time taken says nothing about the password.
        Sha256::digest(given) == Sha256::digest(expected)
    }
}

/// How requests prove who sends them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Auth {
    /// Not at all.
    #[default]
    None,
    /// HTTP Basic on every request.
    Basic(Login),
    /// Bearer tokens from the sandbox's own token service.
    Token(Login),
}

/// What a token allows, as registries write it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Access {
    r#type: String,
    name: String,
    actions: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    nbf: i64,
    exp: i64,
    access: Vec<Access>,
}

/// One missing right, as Notary writes it into a 401.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Missing<'a> {
    r#type: &'a str,
    class: &'a str,
    name: &'a str,
    action: &'a str,
}

#[derive(Serialize)]
struct Issued<'a> {
    token: &'a str,
    access_token: &'a str,
    expires_in: i64,
    issued_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
}

/// Checks requests and issues tokens. Tokens end with the process: their key is made at each start.
pub(super) struct Gate {
    auth: Auth,
    realm: String,
    key: hmac::Key,
}

impl Gate {
    /// A gate whose token service is at `url`.
    pub(super) fn new(auth: Auth, url: &str) -> Result<Self, SandboxError> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &aws_lc_rs::rand::SystemRandom::new())
            .map_err(|_| SandboxError::Tls("no randomness for the token key".to_owned()))?;
        Ok(Self { auth, realm: format!("{url}/token"), key })
    }

    /// Lets a request pass or says what it lacks. `authorization` is the header.
    pub(super) fn check(&self, route: &Route, authorization: Option<&str>, now: Time) -> Result<(), TrustRefusal> {
        self.check_needed(&Needed::of(route), authorization, now)
    }

    /// The same for a request to the registry.
    pub(super) fn check_image(
        &self,
        route: &registry::RegistryRoute,
        authorization: Option<&str>,
        now: Time,
    ) -> Result<(), TrustRefusal> {
        self.check_needed(&Needed::of_image(route), authorization, now)
    }

    /// Whether whoever sends `authorization` may read a repository of images.
    pub(super) fn may_read(&self, path: &str, authorization: Option<&str>, now: Time) -> bool {
        let needed = Needed { kind: "repository", name: path, actions: &["pull"] };
        self.check_needed(&needed, authorization, now).is_ok()
    }

    fn check_needed(&self, needed: &Needed<'_>, authorization: Option<&str>, now: Time) -> Result<(), TrustRefusal> {
        let (scheme, credentials) = authorization.and_then(|a| a.split_once(' ')).unwrap_or_default();
        let passes = match &self.auth {
            Auth::None => true,
            Auth::Basic(login) => scheme.eq_ignore_ascii_case("basic") && login.matches(credentials),
            Auth::Token(_) => scheme.eq_ignore_ascii_case("bearer") && self.allows(credentials, needed, now),
        };
        if passes { Ok(()) } else { Err(self.refusal(needed)) }
    }

    fn refusal(&self, needed: &Needed<'_>) -> TrustRefusal {
        let challenge = match &self.auth {
            Auth::Token(_) => {
                let scope = needed.scope().map(|scope| format!(",scope=\"{scope}\"")).unwrap_or_default();
                format!("Bearer realm=\"{}\",service=\"{SERVICE}\"{scope}", self.realm)
            }
            _ => "Basic realm=\"trustdeck sandbox\"".to_owned(),
        };
        let missing = |action: &&'static str| Missing { r#type: needed.kind, class: "", name: needed.name, action };
        let missing: Vec<_> = needed.actions.iter().map(missing).collect();
        TrustRefusal { challenge: Some(challenge), ..TrustRefusal::with(Code::Unauthorized, &missing) }
    }

    fn allows(&self, token: &str, needed: &Needed<'_>, now: Time) -> bool {
        let Some(claims) = self.read(token) else { return false };
        let now = now.as_second();
        let in_time = claims.nbf - LEEWAY <= now && now < claims.exp + LEEWAY;
        let granted = |action: &&str| {
            let matches = |a: &&Access| a.r#type == needed.kind && a.name == needed.name;
            claims.access.iter().filter(matches).any(|a| a.actions.iter().any(|have| have == action || have == "*"))
        };
        claims.aud == SERVICE && in_time && needed.actions.iter().all(granted)
    }

    /// The claims of a token with our signature.
    fn read(&self, token: &str) -> Option<Claims> {
        let (message, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        hmac::verify(&self.key, message.as_bytes(), &signature).ok()?;
        let (_, claims) = message.split_once('.')?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }

    fn write(&self, claims: &Claims) -> Option<String> {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims).ok()?));
        let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, message.as_bytes()));
        Some(format!("{message}.{signature}"))
    }

    /// Answers the token service: `parameters` come from the query or the form.
    ///
    /// Without credentials it issues a token that allows nothing, as registries do for anonymous readers.
    ///
    /// # Errors
    /// `UNAUTHORIZED` for a wrong password or refresh token.
    pub(super) fn issue(
        &self,
        parameters: &[(String, String)],
        basic: Option<&str>,
        now: Time,
    ) -> Result<String, TrustRefusal> {
        let refused = || TrustRefusal::new(Code::Unauthorized);
        let Auth::Token(login) = &self.auth else { return Err(TrustRefusal::new(Code::MetadataNotFound)) };
        let value = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let proven = match (basic.and_then(|b| b.split_once(' ')), value("grant_type")) {
            (Some((_, credentials)), _) => login.matches(credentials).then_some(true),
            (None, Some("refresh_token")) => self.refreshes(value("refresh_token"), login).then_some(true),
            (None, Some("password")) => {
                let pair =
                    format!("{}:{}", value("username").unwrap_or_default(), value("password").unwrap_or_default());
                login.matches(&STANDARD.encode(pair)).then_some(true)
            }
            (None, _) => Some(false),
        };
        let known = proven.ok_or_else(refused)?;
        let user = if known { login.user.as_str() } else { "" };
        let scopes = parameters.iter().filter(|(key, _)| key == "scope").flat_map(|(_, scope)| scope.split(' '));
        let access = if known { scopes.filter_map(access).collect() } else { Vec::new() };
        let token = self.write(&claims(user, SERVICE, access, now, LIFETIME)).ok_or_else(refused)?;
        let wants_refresh =
            known && (value("offline_token") == Some("true") || value("access_type") == Some("offline"));
        // A refresh token is good for nothing but the token service.
        let refresh = wants_refresh.then(|| self.write(&claims(user, "refresh", Vec::new(), now, i64::from(u32::MAX))));
        let refresh_token = refresh.flatten();
        let issued_at = crate::tuf::metadata::format_time(now);
        let (token, refresh_token) = (token.as_str(), refresh_token.as_deref());
        let issued = Issued { token, access_token: token, expires_in: LIFETIME, issued_at, refresh_token };
        serde_json::to_string(&issued).map_err(TrustRefusal::fault)
    }

    fn refreshes(&self, token: Option<&str>, login: &Login) -> bool {
        let claims = token.and_then(|token| self.read(token));
        claims.is_some_and(|claims| claims.aud == "refresh" && claims.sub == login.user)
    }
}

fn claims(user: &str, audience: &str, access: Vec<Access>, now: Time, seconds: i64) -> Claims {
    let now = now.as_second();
    Claims {
        iss: SERVICE.to_owned(),
        aud: audience.to_owned(),
        sub: user.to_owned(),
        nbf: now,
        exp: now.saturating_add(seconds),
        access,
    }
}

/// Reads `repository:<name>:<actions>`; names may hold colons.
fn access(scope: &str) -> Option<Access> {
    let (kind, rest) = scope.split_once(':')?;
    let (name, actions) = rest.rsplit_once(':')?;
    let actions = actions.split(',').map(str::to_owned).collect();
    Some(Access { r#type: kind.to_owned(), name: name.to_owned(), actions })
}

/// The rights that a route asks for.
struct Needed<'a> {
    kind: &'static str,
    name: &'a str,
    actions: &'static [&'static str],
}

impl<'a> Needed<'a> {
    fn of(route: &'a Route) -> Self {
        let repository = |name: &'a str, actions| Needed { kind: "repository", name, actions };
        match route {
            Route::Current(gun, _)
            | Route::ByHash(gun, ..)
            | Route::Version(gun, ..)
            | Route::Absent(gun)
            | Route::Feed(Some(gun)) => repository(gun, &["pull"]),
            Route::Publish(gun) | Route::Key(gun, _) => repository(gun, &["push", "pull"]),
            Route::Delete(gun) | Route::RotateKey(gun, _) => repository(gun, &["*"]),
            // Whether a login is any good; what it is good for shows later.
            Route::Ping => Needed { kind: "registry", name: "catalog", actions: &[] },
            _ => Needed { kind: "registry", name: "catalog", actions: &["*"] },
        }
    }

    fn of_image(route: &'a registry::RegistryRoute) -> Self {
        let (right, path) = route.right();
        let actions: &[&str] = match right {
            Right::Pull => &["pull"],
            Right::Push => &["pull", "push"],
            Right::Delete => &["delete"],
            Right::Catalog => &["*"],
        };
        match path {
            Some(path) => Needed { kind: "repository", name: path.as_str(), actions },
            None => Needed { kind: "registry", name: "catalog", actions },
        }
    }

    /// What to ask a token for; nothing where any will do.
    fn scope(&self) -> Option<String> {
        let actions = self.actions.join(",");
        (!actions.is_empty()).then(|| format!("{}:{}:{actions}", self.kind, self.name))
    }
}

#[cfg(test)]
mod tests;
