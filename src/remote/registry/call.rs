//! One request to a registry: login, and redirects of blobs.

use reqwest::header::{ACCEPT, HeaderValue};
use reqwest::{Method, Request, Response, Url};

use super::super::answer::error_of;
use super::super::auth::{Access, Subject};
use super::super::fault::Fault;
use super::super::http::{Answer, Client, Opened};
use super::super::login::Asking;
use super::super::remark::Remarks;
use super::super::token::Authorization;
use super::super::tries::{Attempt, Tries};
use super::{Inner, Registry};
use crate::remote::error::RemoteError;

/// Redirects of one blob that are followed.
const REDIRECTS: usize = 5;

/// One request.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) method: &'a Method,
    /// Below `/v2/`.
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) accept: Option<&'static str>,
    pub(super) subject: Subject<'a>,
    pub(super) what: &'a str,
    pub(super) limit: u64,
}

impl<'a> Call<'a> {
    /// `GET`, of nothing yet.
    pub(super) fn get(path: &'a str, subject: Subject<'a>) -> Self {
        Self { method: &Method::GET, path, query: None, accept: None, subject, what: "its answer", limit: 0 }
    }
}

impl Registry {
    /// Sends a request and reads the answer whole.
    pub(super) async fn run(&self, call: &Call<'_>) -> Result<Answer, RemoteError> {
        let response = match self.open(call).await?.0 {
            Opened::Refused(answer) => return Ok(answer),
            Opened::Success(response) => response,
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let body = async { Ok(self.inner.http.read(self.host(), response, call.what, call.limit).await?) };
        let body = self.inner.http.in_time(self.host(), body).await?;
        Ok(Answer { status, headers, body, began: Default::default() })
    }

    /// The answer to `GET /v2/`, without any login.
    pub(super) async fn ping_status(&self) -> Result<Answer, RemoteError> {
        let call = Call { what: "the registry's API", ..Call::get("", Subject::Catalog) };
        let url = self.url(&call)?;
        match self.inner.tries.send(&self.own(&call, &url), None).await? {
            Opened::Refused(answer) => Ok(answer),
            Opened::Success(response) => {
                let (status, headers) = (response.status(), response.headers().clone());
                Ok(Answer { status, headers, body: Vec::new(), began: Default::default() })
            }
        }
    }

    /// Opens a blob and follows where it is sent to; another host gets no login and no client certificate.
    /// Also gives the host that answered.
    ///
    /// # Errors
    /// [`RemoteError::Redirect`] to what is not encrypted, or without end.
    pub(super) async fn open_blob(&self, call: &Call<'_>) -> Result<(Response, String), RemoteError> {
        let (mut opened, authorization) = self.open(call).await?;
        let mut at = self.url(call)?;
        let (mut host, mut redirected) = (self.host().to_owned(), false);
        for _ in 0..=REDIRECTS {
            let answer = match opened {
                Opened::Success(response) => return Ok((response, host)),
                Opened::Refused(answer) => answer,
            };
            if !matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
                // Where the registry sends to, it is storage that answers.
                let what = call.what;
                return Err(if redirected { error_of(&host, what, &answer) } else { self.failed(what, &answer) });
            }
            at = self.followed(&host, &at, &answer)?;
            redirected = true;
            let own = at.origin() == self.url(call)?.origin();
            host = if own { self.host().to_owned() } else { at.host_str().unwrap_or_default().to_owned() };
            let authorization = authorization.as_ref().filter(|_| own);
            let client = if own { Client::Own } else { Client::Stranger };
            let sending = Sending { registry: self, call, url: &at, host: &host, client };
            opened = match own {
                true => self.inner.tries.send(&sending, authorization).await?,
                // Its health says nothing of the registry's.
                false => Tries::new(&host, self.inner.http.limits(), Remarks::default()).send(&sending, None).await?,
            };
        }
        let to = at.as_str().chars().take(300).collect();
        Err(RemoteError::Redirect { host: self.host().to_owned(), to })
    }

    /// Where a redirect leads, if one may go there: over TLS, or on this machine where it began there.
    fn followed(&self, host: &str, from: &Url, answer: &Answer) -> Result<Url, RemoteError> {
        let refused = || RemoteError::Redirect { host: host.to_owned(), to: answer.location() };
        let to = from.join(&answer.location()).map_err(|_| refused())?;
        let has_user = !to.username().is_empty() || to.password().is_some();
        let allowed = self.inner.endpoint.may_log_in(&to) || to.origin() == from.origin();
        if has_user || !allowed { Err(refused()) } else { Ok(to) }
    }

    /// Sends a request, again after a login or a failure that passes.
    async fn open(&self, call: &Call<'_>) -> Result<(Opened, Option<Authorization>), RemoteError> {
        let Inner { endpoint, http, login, registry, tries, .. } = &*self.inner;
        let access = if matches!(call.subject, Subject::Catalog) { Access::All } else { Access::Pull };
        let asking = Asking { http, endpoint, registry, subject: call.subject, access };
        tries.logged_in(login, asking, &self.own(call, &self.url(call)?)).await
    }

    /// A request to the registry itself.
    fn own<'a>(&'a self, call: &'a Call<'a>, url: &'a Url) -> Sending<'a> {
        Sending { registry: self, call, url, host: self.host(), client: Client::Own }
    }

    fn url(&self, call: &Call<'_>) -> Result<Url, RemoteError> {
        let mut url = self.inner.endpoint.url(&format!("v2/{}", call.path))?;
        url.set_query(call.query);
        Ok(url)
    }
}

/// A request as it is tried.
struct Sending<'a> {
    registry: &'a Registry,
    call: &'a Call<'a>,
    url: &'a Url,
    host: &'a str,
    client: Client,
}

impl Attempt for Sending<'_> {
    type Outcome = Opened;

    fn method(&self) -> &Method {
        self.call.method
    }

    async fn once(&self, authorization: Option<&Authorization>) -> Result<Opened, Fault> {
        let mut request = Request::new(self.call.method.clone(), self.url.clone());
        if let Some(accept) = self.call.accept {
            request.headers_mut().insert(ACCEPT, HeaderValue::from_static(accept));
        }
        if let Some(authorization) = authorization {
            authorization.put(request.headers_mut());
        }
        let inner = &*self.registry.inner;
        let _slot = inner.slots.take().await;
        // Where blobs lie elsewhere, that tells nothing of the registry.
        let of = self.call.subject.name();
        let sent = (self.client == Client::Own).then(|| inner.silence.send(of)).transpose()?;
        let asked = std::time::Instant::now();
        let head = inner.http.open(self.client, self.host, request);
        let outcome = inner.http.in_time(self.host, async { Ok(head.await) }).await.map_err(Fault::plain);
        let outcome = outcome.flatten();
        if let Some(sent) = sent {
            inner.silence.learn(sent, &outcome);
        }
        inner.slots.learn(asked.elapsed());
        outcome
    }
}
