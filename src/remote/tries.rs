//! Requests that are sent again: after a login, and where a gateway, a busy server or a broken connection failed them and
//! no harm can come of it. The same for trust servers and registries.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};

use super::again::Again;
use super::auth::Access;
use super::error::RemoteError;
use super::fault::Fault;
use super::http::{Answer, Opened};
use super::limits::Limits;
use super::login::{Asking, ServerLogin};
use super::outage::{Outage, Trial};
use super::remark::{Remark, Remarks};
use super::token::Authorization;

/// Shorter pauses are not told.
const WORTH_A_WORD: Duration = Duration::from_secs(1);

/// What a try ends with, if it is answered.
pub(super) trait Outcome {
    /// Status and headers.
    fn head(&self) -> (StatusCode, &HeaderMap);

    /// The answer, if a login is asked for.
    fn unauthorized(&self) -> Option<&Answer>;
}

impl Outcome for Answer {
    fn head(&self) -> (StatusCode, &HeaderMap) {
        (self.status, &self.headers)
    }

    fn unauthorized(&self) -> Option<&Answer> {
        (self.status == 401).then_some(self)
    }
}

impl Outcome for Opened {
    fn head(&self) -> (StatusCode, &HeaderMap) {
        match self {
            Self::Success(response) => (response.status(), response.headers()),
            Self::Refused(answer) => answer.head(),
        }
    }

    fn unauthorized(&self) -> Option<&Answer> {
        if let Self::Refused(answer) = self { answer.unauthorized() } else { None }
    }
}

/// A request that is built anew for each try.
pub(super) trait Attempt: Sync {
    /// What an answer is read into.
    type Outcome: Outcome + Send;

    /// The method.
    fn method(&self) -> &Method;

    /// Sends it once.
    fn once(&self, authorization: Option<&Authorization>) -> impl Future<Output = Result<Self::Outcome, Fault>> + Send;

    /// The server is not well: fewer requests at once do it good.
    fn slow_down(&self) {}
}

/// What is known of a server's health.
pub(super) struct Tries {
    host: String,
    limits: Limits,
    remarks: Remarks,
    outage: Outage,
    /// Until when the wait lasts that was told last: one word is enough for all that wait.
    told: Mutex<Option<Instant>>,
}

impl Tries {
    pub(super) fn new(host: &str, limits: Limits, remarks: Remarks) -> Self {
        Self { host: host.to_owned(), limits, remarks, outage: Outage::default(), told: Mutex::default() }
    }

    /// Sends a request, and once more after a login if the server asks for one. Also gives the login.
    pub(super) async fn logged_in<A: Attempt>(
        &self,
        login: &ServerLogin,
        asking: Asking<'_>,
        attempt: &A,
    ) -> Result<(A::Outcome, Option<Authorization>), RemoteError> {
        let is_public = asking.access == Access::Public;
        let first = if is_public { None } else { login.authorization(asking).await? };
        let outcome = self.send(attempt, first.as_ref()).await?;
        let Some(answer) = outcome.unauthorized() else { return Ok((outcome, first)) };
        if is_public {
            return Err(login.refusal(asking, answer, None).await);
        }
        let second = login.after_401(asking, answer, first.as_ref()).await?;
        let outcome = self.send(attempt, Some(&second)).await?;
        let Some(answer) = outcome.unauthorized() else { return Ok((outcome, Some(second))) };
        let Some(third) = login.of_person(asking, answer, &second).await? else {
            return Err(login.refusal(asking, answer, Some(&second)).await);
        };
        let outcome = self.send(attempt, Some(&third)).await?;
        match outcome.unauthorized() {
            Some(answer) => Err(login.refusal(asking, answer, Some(&third)).await),
            None => Ok((outcome, Some(third))),
        }
    }

    /// Sends a request until it is answered, or trying again is of no use.
    pub(super) async fn send<A: Attempt>(
        &self,
        attempt: &A,
        authorization: Option<&Authorization>,
    ) -> Result<A::Outcome, RemoteError> {
        let (mut tried, mut trial) = (0, None);
        loop {
            if trial.is_none() {
                self.outage.over().await;
            }
            let outcome = attempt.once(authorization).await;
            let head = outcome.as_ref().map(Outcome::head);
            let status = head.as_ref().ok().map(|(status, _)| status.as_u16());
            let cause = outcome.as_ref().err().and_then(|fault| fault.error.reason());
            let again = Again::judge(attempt.method(), head, tried, self.outage.may_come_back(), self.limits);
            match again.filter(|again| !self.outage.is_down() || matches!(again, Again::Gateway(_))) {
                None => {
                    match (&outcome, trial) {
                        (Ok(_), _) => self.outage.answered(),
                        (Err(_), Some(trial)) => Trial::give_up(trial),
                        (Err(_), None) => {}
                    }
                    return outcome.map_err(|fault| fault.error);
                }
                Some(Again::Gateway(pause)) => self.wait(status, cause, pause).await,
                Some(Again::Gone(Duration::ZERO)) => {}
                Some(Again::Busy(pause) | Again::Gone(pause)) => {
                    attempt.slow_down();
                    trial = trial.or_else(|| self.outage.attend());
                    if trial.is_some() {
                        self.wait(status, cause, pause).await;
                    }
                }
            }
            tried += 1;
        }
    }

    /// Waits before a request is sent again; says so if that takes long.
    pub(super) async fn wait(&self, status: Option<u16>, cause: Option<String>, pause: Duration) {
        if pause >= WORTH_A_WORD && self.is_news(pause) {
            let (host, seconds) = (self.host.clone(), pause.as_secs());
            self.remarks.say(Remark::Waits { host, status, cause, seconds });
        }
        tokio::time::sleep(pause).await;
    }

    fn is_news(&self, pause: Duration) -> bool {
        let now = Instant::now();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = told.is_none_or(|until| until <= now);
        if is_news {
            *told = Some(now + pause);
        }
        is_news
    }
}
