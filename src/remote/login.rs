//! Meeting a server's challenge: Basic and the Docker registry token protocol.
//!
//! Invariant: a password or identity token goes to the trust server, the registry it belongs to, or a token realm
//! that was allowed, and only over TLS (on this machine also over http, where that was allowed).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Instant;

use reqwest::{Method, Request, Url};

use super::again::Again;
use super::answer::{looks_like, token_error_of};
use super::auth::{Access, Credential, CredentialSource, Subject};
use super::challenge::{Challenge, TokenRefusal};
use super::endpoint::{Endpoint, place_of};
use super::error::RemoteError;
use super::http::{Answer, Http};
use super::proof::{Proof, Proofs};
use super::remark::{Remark, Remarks};
use super::token::{Authorization, Token, basic_header, read_token, token_request};
use super::tries::Outcome;

type TokenSlot = Arc<tokio::sync::Mutex<Option<Token>>>;

/// What one server was found to want, and the tokens that it takes.
pub(super) struct ServerLogin {
    credentials: Arc<dyn CredentialSource>,
    challenge: RwLock<Option<Challenge>>,
    proofs: Proofs,
    remarks: Remarks,
    /// Whether a trust server is looked for, and anything else is worth a word.
    is_of_trust: bool,
    /// By scope, realm and service.
    tokens: Mutex<HashMap<(String, String, String), TokenSlot>>,
}

const TOKEN_ANSWER: u64 = 256 * 1024;
/// Tokens that are kept; whoever asks for more repositories than that logs in anew now and then.
const MOST_TOKENS: usize = 10_000;

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

impl Asking<'_> {
    fn scope(&self) -> String {
        self.subject.scope(self.access)
    }
}

impl ServerLogin {
    pub(super) fn new(credentials: Arc<dyn CredentialSource>, remarks: Remarks) -> Self {
        let (challenge, tokens) = (RwLock::new(None), Mutex::new(HashMap::new()));
        Self { credentials, challenge, proofs: Proofs::default(), remarks, is_of_trust: false, tokens }
    }

    /// The same for a trust server.
    pub(super) fn of_trust(credentials: Arc<dyn CredentialSource>, remarks: Remarks) -> Self {
        Self { is_of_trust: true, ..Self::new(credentials, remarks) }
    }

    /// What to send with a first try: nothing until the server has asked once, and nothing where what it asked for
    /// cannot be given: it may ask no more.
    pub(super) async fn authorization(&self, asking: Asking<'_>) -> Result<Option<Authorization>, RemoteError> {
        let learned = self.challenge.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(challenge) = learned else { return Ok(None) };
        match self.log_in(asking, &challenge, None).await {
            Ok(authorization) => Ok(Some(authorization)),
            // What is written wants a login, and is not sent to hear so.
            Err(error) if asking.access == Access::Push => Err(error),
            Err(error) => {
                self.forget(&challenge);
                // A realm that cannot be reached would be waited for twice.
                if error.is_of_login() { Ok(None) } else { Err(error) }
            }
        }
    }

    /// Asks the server anew next time, unless it has asked for something else since.
    fn forget(&self, unmet: &Challenge) {
        let mut learned = self.challenge.write().unwrap_or_else(PoisonError::into_inner);
        if learned.as_ref() == Some(unmet) {
            *learned = None;
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
            return Err(self.refusal(asking, answer, refused).await);
        };
        *self.challenge.write().unwrap_or_else(PoisonError::into_inner) = Some(challenge.clone());
        if refused.is_some() {
            self.credentials.refused(asking.registry);
        }
        let next = self.log_in(asking, &challenge, refused).await.map_err(|error| {
            if asking.access != Access::Push {
                self.forget(&challenge);
            }
            self.told(asking, error, answer)
        })?;
        if refused.is_none_or(|refused| refused.header != next.header) {
            return Ok(next);
        }
        match self.of_person(asking, answer, &next).await? {
            Some(of_person) => Ok(of_person),
            None => Err(self.refusal(asking, answer, refused).await),
        }
    }

    /// What to send where anybody's token is not enough: a login that is there by now, as one is that was typed for another
    /// request meanwhile, else one of a person who can be asked.
    pub(super) async fn of_person(
        &self,
        asking: Asking<'_>,
        answer: &Answer,
        refused: &Authorization,
    ) -> Result<Option<Authorization>, RemoteError> {
        let Some(challenge @ Challenge::Bearer { .. }) = Challenge::read(&answer.headers) else { return Ok(None) };
        match refused.login.is_some() || self.find_or_ask(asking).await?.is_none() {
            true => Ok(None),
            false => self.log_in(asking, &challenge, Some(refused)).await.map(Some),
        }
    }

    /// The error for a 401 that logging in did not mend. The login is not sent again for the same before it has changed.
    pub(super) async fn refusal(
        &self,
        asking: Asking<'_>,
        answer: &Answer,
        sent: Option<&Authorization>,
    ) -> RemoteError {
        let (host, registry, scope) = (asking.endpoint.host(), asking.registry, asking.scope());
        let Some(login) = sent.and_then(|sent| sent.login.as_ref()) else {
            self.credentials.refused(registry);
            return self.told(asking, self.unauthorized(host, registry, None), answer);
        };
        if TokenRefusal::read(&answer.headers) == TokenRefusal::InsufficientScope {
            let (user, what) = (login.user(), asking.subject.words());
            let why = format!("the login {user:?} has no right to {} of {what}", asking.access.actions());
            return RemoteError::Forbidden { host: host.to_owned(), why };
        }
        // Whether it is good for anything else is seen when that is asked for.
        self.proofs.doubt(host, registry, login).await;
        self.proofs.refuse(&scope, registry, login).await;
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).retain(|(of, ..), _| *of != scope);
        self.credentials.refused(registry);
        self.told(asking, self.unauthorized(host, registry, Some(login)), answer)
    }

    /// An error with what the answer that wants a login looks like.
    fn told(&self, asking: Asking<'_>, error: RemoteError, answer: &Answer) -> RemoteError {
        match error {
            RemoteError::Unauthorized { host, registry, user, origin, .. }
                if self.is_of_trust && host == asking.endpoint.host() =>
            {
                RemoteError::Unauthorized { host, registry, user, origin, who: looks_like(answer) }
            }
            error => error,
        }
    }

    fn unauthorized(&self, host: &str, registry: &str, login: Option<&Credential>) -> RemoteError {
        let user = login.map(|login| login.user().to_owned());
        let origin = login.and_then(|_| self.credentials.origin(registry));
        RemoteError::Unauthorized { host: host.to_owned(), registry: registry.to_owned(), user, origin, who: None }
    }

    /// Passes where the login at hand is another one than was refused for this.
    async fn check_changed(&self, asking: Asking<'_>) -> Result<(), RemoteError> {
        let Asking { endpoint, registry, .. } = asking;
        let Some(refused) = self.proofs.refused(&asking.scope(), registry).await else { return Ok(()) };
        match self.credentials.find(endpoint.base(), registry).await {
            Ok(Some(login)) if login == refused => Err(self.unauthorized(endpoint.host(), registry, Some(&login))),
            _ => Ok(()),
        }
    }

    /// The login at hand, else one that a person gives.
    async fn find_or_ask(&self, asking: Asking<'_>) -> Result<Option<Credential>, RemoteError> {
        let lacking = match self.credentials.find(asking.endpoint.base(), asking.registry).await {
            Ok(None) => None,
            Err(error @ RemoteError::Helper { .. }) => Some(error),
            found => return found,
        };
        let typed = self.credentials.ask(asking.registry, lacking.clone()).await?;
        match lacking.filter(|_| typed.is_none()) {
            Some(error) => Err(error),
            None => Ok(typed),
        }
    }

    async fn log_in(
        &self,
        asking: Asking<'_>,
        challenge: &Challenge,
        refused: Option<&Authorization>,
    ) -> Result<Authorization, RemoteError> {
        self.check_changed(asking).await?;
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
        let unauthorized = |login: Option<&Credential>| self.unauthorized(endpoint.host(), registry, login);
        let found = self.find_or_ask(asking).await?;
        // An identity token is of use to a token realm only.
        let Some((user, password)) = found.as_ref().and_then(Credential::password) else {
            return Err(unauthorized(None));
        };
        let header = basic_header(endpoint.host(), user, password)?;
        let login = &Credential::Password { user: user.to_owned(), password: password.clone() };
        let authorization = Authorization { header, login: Some(login.clone()) };
        match self.proofs.of(endpoint.host(), registry, login).await {
            Proof::Taken => Ok(authorization),
            Proof::Refused => Err(unauthorized(Some(login))),
            // All requests will carry it, so that it is tried alone first.
            first => match self.is_taken(asking, base, &authorization).await? {
                true => {
                    first.conclude(true);
                    Ok(authorization)
                }
                false => {
                    first.conclude(false);
                    self.credentials.refused(registry);
                    Err(unauthorized(Some(login)))
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
        let key = (asking.scope(), realm.to_owned(), service.to_owned());
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
            Err(RemoteError::Helper { .. }) => (self.find_or_ask(asking).await?, None),
            Err(error) => return Err(error),
        };
        let refused = match self.token_for(asking, &url, service, login.as_ref()).await {
            Err(refused @ RemoteError::Unauthorized { .. }) => refused,
            outcome => {
                if let (Ok(_), Some(RemoteError::Helper { helper, why, .. })) = (&outcome, lacking) {
                    self.remarks.say_once(Remark::Helper { helper, why, login: None });
                }
                return outcome;
            }
        };
        // Asked only where nobody has a login: one that was refused is for its owner to mend.
        match if login.is_none() { self.find_or_ask(asking).await? } else { None } {
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
        let request = token_request(&asking.scope(), url.clone(), service, login)?;
        let proof = if let Some(login) = login { Some(self.proofs.of(&host, registry, login).await) } else { None };
        if matches!(proof, Some(Proof::Refused)) {
            return Err(self.unauthorized(&host, registry, login));
        }
        let answer = fetch_again(asking.http, &host, request).await?;
        let is_refused = answer.status == 401;
        let is_denied = login.is_some() && matches!(answer.status.as_u16(), 400 | 403);
        if let Some(proof) = proof.filter(|_| is_refused || is_denied || answer.status.is_success()) {
            proof.conclude(!is_refused && !is_denied);
        }
        if is_refused {
            if let Some(login) = login {
                self.proofs.refuse(&host, registry, login).await;
            }
            self.credentials.refused(registry);
            return Err(self.unauthorized(&host, registry, login));
        }
        if !answer.status.is_success() {
            return Err(token_error_of(&host, &answer));
        }
        read_token(&host, &answer.body, login)
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
