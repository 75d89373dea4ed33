//! One request to a registry: login, and redirects of blobs.

use reqwest::header::{ACCEPT, HeaderValue};
use reqwest::{Method, Request, Response, Url};

use super::super::answer::error_of;
use super::super::auth::{Access, Subject};
use super::super::fault::Fault;
use super::super::http::{Answer, Client, Opened};
use super::super::login::{Asking, Authorization};
use super::Registry;
use crate::remote::error::RemoteError;

/// Redirects of one blob that are followed.
const REDIRECTS: usize = 5;

/// One request, which is built anew for each try.
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
    /// Sends a request, and once more after a login if the registry asks for one; reads the answer whole.
    pub(super) async fn run(&self, call: &Call<'_>) -> Result<Answer, RemoteError> {
        let whole = async {
            match self.open(call).await?.0 {
                Opened::Refused(answer) => Ok(answer),
                Opened::Success(response) => {
                    let (status, headers) = (response.status(), response.headers().clone());
                    let body = self.inner.http.read(self.host(), response, call.what, call.limit).await?;
                    Ok(Answer { status, headers, body, began: Default::default() })
                }
            }
        };
        self.inner.http.in_time(self.host(), whole).await
    }

    /// The answer to `GET /v2/`, without any login.
    pub(super) async fn ping_status(&self) -> Result<Answer, RemoteError> {
        let call = Call { what: "the registry's API", ..Call::get("", Subject::Catalog) };
        let url = self.url(&call)?;
        match self.send(&call, &url, self.host(), Client::Own, None).await? {
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
        let mut host = self.host().to_owned();
        for _ in 0..=REDIRECTS {
            let answer = match opened {
                Opened::Success(response) => return Ok((response, host)),
                Opened::Refused(answer) => answer,
            };
            if !matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Err(error_of(&host, call.what, &answer));
            }
            at = self.followed(&host, &at, &answer)?;
            let own = at.origin() == self.url(call)?.origin();
            host = if own { self.host().to_owned() } else { at.host_str().unwrap_or_default().to_owned() };
            let authorization = authorization.as_ref().filter(|_| own);
            let client = if own { Client::Own } else { Client::Stranger };
            let sent = self.send(call, &at, &host, client, authorization);
            opened = sent.await?;
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

    /// Sends a request, and once more after a login if the registry asks for one.
    async fn open(&self, call: &Call<'_>) -> Result<(Opened, Option<Authorization>), RemoteError> {
        let (inner, url) = (&*self.inner, self.url(call)?);
        let access = if matches!(call.subject, Subject::Catalog) { Access::All } else { Access::Pull };
        let asking = Asking {
            http: &inner.http,
            endpoint: &inner.endpoint,
            registry: &inner.registry,
            subject: call.subject,
            access,
        };
        let first = inner.login.authorization(asking).await?;
        let opened = self.send(call, &url, self.host(), Client::Own, first.as_ref()).await?;
        let Some(answer) = opened.unauthorized() else { return Ok((opened, first)) };
        let second = inner.login.after_401(asking, answer, first.as_ref()).await?;
        let opened = self.send(call, &url, self.host(), Client::Own, Some(&second)).await?;
        match opened.unauthorized() {
            Some(answer) => Err(inner.login.refusal(asking, answer, Some(&second))),
            None => Ok((opened, Some(second))),
        }
    }

    /// Sends a request; once more if its connection broke, as one that was kept open for long may.
    async fn send(
        &self,
        call: &Call<'_>,
        url: &Url,
        host: &str,
        client: Client,
        authorization: Option<&Authorization>,
    ) -> Result<Opened, RemoteError> {
        let once = || self.send_once(call, url, host, client, authorization);
        match once().await {
            Err(fault) if fault.broke() => once().await.map_err(|fault| fault.error),
            outcome => outcome.map_err(|fault| fault.error),
        }
    }

    async fn send_once(
        &self,
        call: &Call<'_>,
        url: &Url,
        host: &str,
        client: Client,
        authorization: Option<&Authorization>,
    ) -> Result<Opened, Fault> {
        let mut request = Request::new(call.method.clone(), url.clone());
        if let Some(accept) = call.accept {
            request.headers_mut().insert(ACCEPT, HeaderValue::from_static(accept));
        }
        if let Some(authorization) = authorization {
            authorization.put(request.headers_mut());
        }
        let _slot = self.inner.slots.take().await;
        let asked = std::time::Instant::now();
        let outcome = self.inner.http.open(client, host, request).await;
        self.inner.slots.learn(asked.elapsed());
        outcome
    }

    fn url(&self, call: &Call<'_>) -> Result<Url, RemoteError> {
        let mut url = self.inner.endpoint.url(&format!("v2/{}", call.path))?;
        url.set_query(call.query);
        Ok(url)
    }
}
