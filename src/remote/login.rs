//! Meeting a server's challenge: Basic and the Docker registry token protocol.
//!
//! Invariant: a password or identity token goes to the trust server, the registry it belongs to, or a token realm
//! that was allowed, and only over TLS (on this machine also over http, where that was allowed).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Request, Url};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::again::Again;
use super::auth::{Access, Credential, CredentialSource, Subject, TOKEN_USER};
use super::challenge::{Challenge, TokenRefusal};
use super::endpoint::{Endpoint, place_of, secret_header};
use super::error::RemoteError;
use super::http::{Answer, Http};
use super::proof::{Proof, Proofs};
use super::remark::{Remark, Remarks};
use super::tries::Outcome;

/// What is sent with a request.
#[derive(Clone)]
pub(super) struct Authorization {
    header: HeaderValue,
    user: Option<String>,
}

impl Authorization {
    pub(super) fn put(&self, headers: &mut HeaderMap) {
        headers.insert(AUTHORIZATION, self.header.clone());
    }
}

struct Token {
    authorization: Authorization,
    until: Instant,
}

type TokenSlot = Arc<tokio::sync::Mutex<Option<Token>>>;

/// What one server was found to want, and the tokens that it takes.
pub(super) struct ServerLogin {
    credentials: Arc<dyn CredentialSource>,
    challenge: RwLock<Option<Challenge>>,
    proofs: Proofs,
    remarks: Remarks,
    /// By scope, realm and service.
    tokens: Mutex<HashMap<(String, String, String), TokenSlot>>,
}

const SHORTEST_TOKEN: u64 = 60;
/// A token about to expire is not used any more: it has to survive the way to the server.
const TOKEN_MARGIN: Duration = Duration::from_secs(5);
const TOKEN_ANSWER: u64 = 256 * 1024;
/// Tokens that are kept; whoever asks for more repositories than that logs in anew now and then.
const MOST_TOKENS: usize = 10_000;

/// Fields of a token realm's answer.
#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

/// A request's place: which server, through what, with whose login, for what.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) http: &'a Http,
    pub(super) endpoint: &'a Endpoint,
    /// Whose login is used, as Docker's configuration names it.
    pub(super) registry: &'a str,
    pub(super) subject: Subject<'a>,
    pub(super) access: Access,
}

impl ServerLogin {
    pub(super) fn new(credentials: Arc<dyn CredentialSource>, remarks: Remarks) -> Self {
        let (challenge, tokens) = (RwLock::new(None), Mutex::new(HashMap::new()));
        Self { credentials, challenge, proofs: Proofs::default(), remarks, tokens }
    }

    /// What to send with a first try: nothing until the server has asked once.
    pub(super) async fn authorization(&self, asking: Asking<'_>) -> Result<Option<Authorization>, RemoteError> {
        let learned = self.challenge.read().unwrap_or_else(PoisonError::into_inner).clone();
        match learned {
            None => Ok(None),
            Some(challenge) => self.log_in(asking, &challenge, None).await.map(Some),
        }
    }

    /// Learns from a 401 and finds something else to send than what was `refused`.
    pub(super) async fn after_401(
        &self,
        asking: Asking<'_>,
        answer: &Answer,
        refused: Option<&Authorization>,
    ) -> Result<Authorization, RemoteError> {
        let Some(challenge) = Challenge::read(&answer.headers) else {
            return Err(self.refusal(asking, answer, refused));
        };
        *self.challenge.write().unwrap_or_else(PoisonError::into_inner) = Some(challenge.clone());
        if refused.is_some() {
            self.credentials.refused(asking.registry);
        }
        let next = self.log_in(asking, &challenge, refused).await?;
        if refused.is_some_and(|refused| refused.header == next.header) {
            return Err(self.refusal(asking, answer, refused));
        }
        Ok(next)
    }

    /// What to send where anybody's token is not enough: asks a person, if there is no login and one can be asked.
    pub(super) async fn of_person(
        &self,
        asking: Asking<'_>,
        answer: &Answer,
        refused: &Authorization,
    ) -> Result<Option<Authorization>, RemoteError> {
        let Some(challenge @ Challenge::Bearer { .. }) = Challenge::read(&answer.headers) else { return Ok(None) };
        let (base, registry) = (asking.endpoint.base(), asking.registry);
        let has_login = refused.user.is_some() || self.credentials.find(base, registry).await?.is_some();
        match has_login || self.credentials.ask(registry).await?.is_none() {
            true => Ok(None),
            false => self.log_in(asking, &challenge, Some(refused)).await.map(Some),
        }
    }

    /// The error for a 401 that logging in did not mend.
    pub(super) fn refusal(&self, asking: Asking<'_>, answer: &Answer, sent: Option<&Authorization>) -> RemoteError {
        let (host, registry) = (asking.endpoint.host(), asking.registry);
        let user = sent.and_then(|sent| sent.user.clone());
        if let Some(user) = &user
            && TokenRefusal::read(&answer.headers) == TokenRefusal::InsufficientScope
        {
            let why =
                format!("the login {user:?} has no right to {} of {}", asking.access.actions(), asking.subject.words());
            return RemoteError::Forbidden { host: host.to_owned(), why };
        }
        self.credentials.refused(registry);
        self.unauthorized(host, registry, user)
    }

    fn unauthorized(&self, host: &str, registry: &str, user: Option<String>) -> RemoteError {
        let origin = user.as_ref().and_then(|_| self.credentials.origin(registry));
        RemoteError::Unauthorized { host: host.to_owned(), registry: registry.to_owned(), user, origin }
    }

    async fn log_in(
        &self,
        asking: Asking<'_>,
        challenge: &Challenge,
        refused: Option<&Authorization>,
    ) -> Result<Authorization, RemoteError> {
        match challenge {
            Challenge::Basic => self.basic(asking).await,
            Challenge::Bearer { realm, service } => self.token(asking, realm, service, refused).await,
        }
    }

    async fn basic(&self, asking: Asking<'_>) -> Result<Authorization, RemoteError> {
        let Asking { endpoint, registry, .. } = asking;
        let base = endpoint.url("v2/")?;
        if !endpoint.may_log_in(&base) {
            return Err(not_encrypted(endpoint.host(), "it asks for a password"));
        }
        let unauthorized = |user| self.unauthorized(endpoint.host(), registry, user);
        let found = match self.credentials.find(endpoint.base(), registry).await? {
            None => self.credentials.ask(registry).await?,
            found => found,
        };
        // An identity token is of use to a token realm only.
        let Some(login @ Credential::Password { user, password }) = &found else { return Err(unauthorized(None)) };
        let authorization =
            Authorization { header: basic_header(endpoint.host(), user, password)?, user: Some(user.clone()) };
        match self.proofs.of(endpoint.host(), registry, login).await {
            Proof::Taken => Ok(authorization),
            Proof::Refused => Err(unauthorized(Some(user.clone()))),
            // All requests will carry it, so that it is tried alone first.
            first => match self.is_taken(asking, base, &authorization).await? {
                true => {
                    first.conclude(true);
                    Ok(authorization)
                }
                false => {
                    first.conclude(false);
                    self.credentials.refused(registry);
                    Err(unauthorized(Some(user.clone())))
                }
            },
        }
    }

    /// Whether the server lets a password in.
    async fn is_taken(&self, asking: Asking<'_>, url: Url, login: &Authorization) -> Result<bool, RemoteError> {
        let mut request = Request::new(Method::GET, url);
        login.put(request.headers_mut());
        let answer = asking.http.exchange(asking.endpoint.host(), request, None, "a login", TOKEN_ANSWER).await?;
        Ok(answer.status != 401)
    }

    /// The kept token, or a new one; requests that want the same one wait for one login.
    async fn token(
        &self,
        asking: Asking<'_>,
        realm: &str,
        service: &str,
        refused: Option<&Authorization>,
    ) -> Result<Authorization, RemoteError> {
        let key = (asking.subject.scope(asking.access), realm.to_owned(), service.to_owned());
        let slot = {
            let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
            if tokens.len() >= MOST_TOKENS {
                tokens.clear();
            }
            Arc::clone(tokens.entry(key).or_default())
        };
        let mut kept = slot.lock().await;
        if let Some(token) = kept.as_ref()
            && token.until > Instant::now()
            && refused.is_none_or(|refused| refused.header != token.authorization.header)
        {
            return Ok(token.authorization.clone());
        }
        *kept = None;
        let token = self.fetch_token(asking, realm, service).await?;
        Ok(kept.insert(token).authorization.clone())
    }

    async fn fetch_token(&self, asking: Asking<'_>, realm: &str, service: &str) -> Result<Token, RemoteError> {
        let Asking { endpoint, registry, access, .. } = asking;
        let url = self.checked_realm(endpoint, registry, realm)?;
        let (login, lacking) = match self.credentials.find(endpoint.base(), registry).await {
            Ok(login) => (login, None),
            // What anybody may read is read without a login.
            Err(error @ RemoteError::Helper { .. }) if access == Access::Pull => (None, Some(error)),
            Err(error) => return Err(error),
        };
        let refused = match self.token_for(asking, &url, service, login.as_ref()).await {
            Err(refused @ RemoteError::Unauthorized { .. }) => refused,
            outcome => {
                if let (Ok(_), Some(RemoteError::Helper { helper, why, .. })) = (&outcome, lacking) {
                    self.remarks.say_once(Remark::Helper { helper, why });
                }
                return outcome;
            }
        };
        if let Some(error) = lacking {
            return Err(error);
        }
        // Asked only where nobody has a login: one that was refused is for its owner to mend.
        match if login.is_none() { self.credentials.ask(registry).await? } else { None } {
            Some(typed) => self.token_for(asking, &url, service, Some(&typed)).await,
            None => Err(refused),
        }
    }

    /// A token for one login, or for nobody.
    async fn token_for(
        &self,
        asking: Asking<'_>,
        url: &Url,
        service: &str,
        login: Option<&Credential>,
    ) -> Result<Token, RemoteError> {
        let (registry, host) = (asking.registry, place_of(url).unwrap_or_default());
        let (request, user) = token_request(asking, url.clone(), service, login)?;
        let unauthorized = |user| self.unauthorized(&host, registry, user);
        let proof = if let Some(login) = login { Some(self.proofs.of(&host, registry, login).await) } else { None };
        if matches!(proof, Some(Proof::Refused)) {
            return Err(unauthorized(user));
        }
        let answer = fetch_again(asking.http, &host, request).await?;
        let is_refused = answer.status == 401;
        let is_denied = login.is_some() && matches!(answer.status.as_u16(), 400 | 403);
        if let Some(proof) = proof.filter(|_| is_refused || is_denied || answer.status.is_success()) {
            proof.conclude(!is_refused && !is_denied);
        }
        if is_refused {
            self.credentials.refused(registry);
            return Err(unauthorized(user));
        }
        if !answer.status.is_success() {
            return Err(super::answer::token_error_of(&host, &answer));
        }
        read_token(&host, &answer.body, user)
    }

    /// Decides whether a login may go to `realm`.
    fn checked_realm(&self, endpoint: &Endpoint, registry: &str, realm: &str) -> Result<Url, RemoteError> {
        let host = endpoint.host().to_owned();
        let bad = |why: &str| RemoteError::BadAnswer { host: host.clone(), why: why.to_owned() };
        let url = Url::parse(realm).map_err(|_| bad("its token realm is no address"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("its token realm holds a user name"));
        }
        let Some(place) = place_of(&url) else { return Err(bad("its token realm names no host")) };
        // Docker Hub's registry is written as a URL.
        let written = if registry.contains("://") { registry.to_owned() } else { format!("https://{registry}") };
        let registrys = Url::parse(&written).ok().and_then(|url| place_of(&url));
        let is_own = [endpoint.place(), registrys].contains(&Some(place.clone()));
        let allowed = is_own || self.credentials.allows_realm(endpoint.name(), &place);
        if !endpoint.may_log_in(&url) {
            return Err(not_encrypted(&host, "its token realm is an http:// address"));
        }
        if !allowed {
            return Err(RemoteError::RealmConsent { host, realm: place });
        }
        Ok(url)
    }
}

/// Asks for a token, again where a gateway or a broken connection failed it: a second one does no harm.
async fn fetch_again(http: &Http, host: &str, request: Request) -> Result<Answer, RemoteError> {
    let unbuilt = || RemoteError::Setting("a request for a token cannot be built".to_owned());
    let mut tried = 0;
    loop {
        let copy = request.try_clone().ok_or_else(unbuilt)?;
        let outcome = http.exchange(host, copy, None, "a token", TOKEN_ANSWER).await;
        match Again::judge(&Method::GET, outcome.as_ref().map(Outcome::head), tried, false, http.limits()) {
            Some(Again::Gateway(pause) | Again::Busy(pause) | Again::Gone(pause)) => tokio::time::sleep(pause).await,
            None => return outcome.map_err(|fault| fault.error),
        }
        tried += 1;
    }
}

fn not_encrypted(host: &str, what: &str) -> RemoteError {
    let why = format!("{what}, and a login is sent over TLS only");
    RemoteError::BadAnswer { host: host.to_owned(), why }
}

fn basic_header(host: &str, user: &str, password: &str) -> Result<HeaderValue, RemoteError> {
    let plain = Zeroizing::new(format!("{user}:{password}"));
    let encoded = Zeroizing::new(format!("Basic {}", STANDARD.encode(plain.as_bytes())));
    secret_header(&encoded).ok_or_else(|| RemoteError::Setting(format!("the login for {host} cannot be sent")))
}

/// Builds the request for a token, and names the user it is for.
fn token_request(
    asking: Asking<'_>,
    mut url: Url,
    service: &str,
    credential: Option<&Credential>,
) -> Result<(Request, Option<String>), RemoteError> {
    let scope = asking.subject.scope(asking.access);
    if let Some(Credential::IdentityToken(token)) = credential {
        let mut form = url.clone();
        form.query_pairs_mut()
            .clear()
            .append_pair("client_id", "docker")
            .append_pair("grant_type", "refresh_token")
            .append_pair("refresh_token", token)
            .append_pair("scope", &scope)
            .append_pair("service", service);
        let mut request = Request::new(Method::POST, url);
        *request.body_mut() = form.query().map(|body| body.to_owned().into());
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, form_type);
        return Ok((request, Some(TOKEN_USER.to_owned())));
    }
    let password = match credential {
        Some(Credential::Password { user, password }) => Some((user, password)),
        _ => None,
    };
    {
        let mut query = url.query_pairs_mut();
        if let Some((user, _)) = password {
            query.append_pair("account", user);
        }
        query.append_pair("scope", &scope).append_pair("service", service);
    }
    let host = url.host_str().unwrap_or_default().to_owned();
    let mut request = Request::new(Method::GET, url);
    if let Some((user, password)) = password {
        request.headers_mut().insert(AUTHORIZATION, basic_header(&host, user, password)?);
    }
    Ok((request, password.map(|(user, _)| user.clone())))
}

fn read_token(host: &str, body: &[u8], user: Option<String>) -> Result<Token, RemoteError> {
    let bad = |why: &str| RemoteError::BadAnswer { host: host.to_owned(), why: why.to_owned() };
    let answer: TokenAnswer = serde_json::from_slice(body).map_err(|_| bad("its token answer is not as expected"))?;
    let both = [answer.token, answer.access_token].map(|token| Zeroizing::new(token.unwrap_or_default()));
    let token = both.iter().find(|token| !token.is_empty()).ok_or_else(|| bad("its token answer holds no token"))?;
    let header = secret_header(&Zeroizing::new(format!("Bearer {}", token.as_str())));
    let header = header.ok_or_else(|| bad("its token holds characters that cannot be sent"))?;
    // A day at most: longer promises gain nothing and could overflow the clock.
    let seconds = answer.expires_in.unwrap_or(SHORTEST_TOKEN).clamp(SHORTEST_TOKEN, 24 * 60 * 60);
    let until = Instant::now() + Duration::from_secs(seconds) - TOKEN_MARGIN;
    Ok(Token { authorization: Authorization { header, user }, until })
}
