//! What goes with a request as its login, and how a token realm is asked for it.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Request, Url};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::auth::Credential;
use super::endpoint::secret_header;
use super::error::RemoteError;

/// What is sent with a request.
#[derive(Clone)]
pub(super) struct Authorization {
    pub(super) header: HeaderValue,
    /// Whose it is; `None` for a token that anybody gets.
    pub(super) login: Option<Credential>,
}

impl Authorization {
    pub(super) fn put(&self, headers: &mut HeaderMap) {
        headers.insert(AUTHORIZATION, self.header.clone());
    }
}

/// A realm's token, and until when it is used.
pub(super) struct Token {
    pub(super) authorization: Authorization,
    pub(super) until: Instant,
}

/// How long a token is used at least, in seconds; so long also where its realm says nothing, or something impossible.
const SHORTEST_TOKEN: f64 = 60.0;
/// How long at most: longer promises gain nothing and could overflow the clock.
const LONGEST_TOKEN: f64 = 86_400.0;
/// A token about to expire is not used any more: it has to survive the way to the server.
const TOKEN_MARGIN: Duration = Duration::from_secs(5);

/// Fields of a token realm's answer.
#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<f64>,
}

pub(super) fn basic_header(host: &str, user: &str, password: &str) -> Result<HeaderValue, RemoteError> {
    let plain = Zeroizing::new(format!("{user}:{password}"));
    let encoded = Zeroizing::new(format!("Basic {}", STANDARD.encode(plain.as_bytes())));
    secret_header(&encoded).ok_or_else(|| RemoteError::Setting(format!("the login for {host} cannot be sent")))
}

/// Builds the request for a token.
pub(super) fn token_request(
    scope: &str,
    mut url: Url,
    service: &str,
    login: Option<&Credential>,
) -> Result<Request, RemoteError> {
    if let Some(Credential::IdentityToken { token, .. }) = login {
        let mut form = url.clone();
        form.query_pairs_mut()
            .clear()
            .append_pair("client_id", "docker")
            .append_pair("grant_type", "refresh_token")
            .append_pair("refresh_token", token)
            .append_pair("scope", scope)
            .append_pair("service", service);
        let mut request = Request::new(Method::POST, url);
        *request.body_mut() = form.query().map(|body| body.to_owned().into());
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, form_type);
        return Ok(request);
    }
    let password = login.and_then(Credential::password);
    {
        let mut query = url.query_pairs_mut();
        if let Some((user, _)) = password {
            query.append_pair("account", user);
        }
        query.append_pair("scope", scope).append_pair("service", service);
    }
    let host = url.host_str().unwrap_or_default().to_owned();
    let mut request = Request::new(Method::GET, url);
    if let Some((user, password)) = password {
        request.headers_mut().insert(AUTHORIZATION, basic_header(&host, user, password)?);
    }
    Ok(request)
}

/// Reads a realm's answer to `login`.
pub(super) fn read_token(host: &str, body: &[u8], login: Option<&Credential>) -> Result<Token, RemoteError> {
    let bad = |why: &str| RemoteError::BadAnswer { host: host.to_owned(), why: why.to_owned() };
    let answer: TokenAnswer = serde_json::from_slice(body).map_err(|_| bad("its token answer is not as expected"))?;
    let both = [answer.token, answer.access_token].map(|token| Zeroizing::new(token.unwrap_or_default()));
    let token = both.iter().find(|token| !token.is_empty()).ok_or_else(|| bad("its token answer holds no token"))?;
    let header = secret_header(&Zeroizing::new(format!("Bearer {}", token.as_str())));
    let header = header.ok_or_else(|| bad("its token holds characters that cannot be sent"))?;
    let seconds = answer.expires_in.unwrap_or(SHORTEST_TOKEN).clamp(SHORTEST_TOKEN, LONGEST_TOKEN);
    let until = Instant::now() + Duration::from_secs_f64(seconds) - TOKEN_MARGIN;
    Ok(Token { authorization: Authorization { header, login: login.cloned() }, until })
}
