//! How one request is sent: in its turn on a connection that it has for itself, or in line behind others.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, Request, Url};

use super::{Inner, NotaryCall, NotaryServer};
use crate::remote::challenge::Challenge;
use crate::remote::error::RemoteError;
use crate::remote::fault::{Fault, Reach};
use crate::remote::http::Answer;
use crate::remote::line::{Missed, OpenLine, ServerLine};
use crate::remote::silence::Sent;
use crate::remote::token::Authorization;
use crate::remote::tries::Attempt;
use crate::remote::turns::{Doing, Turn};
use crate::remote::upload::{Upload, lost};

impl NotaryServer {
    pub(super) async fn send_once(
        &self,
        call: &NotaryCall<'_>,
        authorization: Option<&Authorization>,
    ) -> Result<Answer, Fault> {
        let inner = &*self.inner;
        let path = call.path.map(|file| format!("{}/_trust/tuf/{file}", call.gun)).unwrap_or_default();
        let url = inner.endpoint.url(&format!("v2/{path}")).map_err(Fault::unsent)?;
        let mut request = Request::new(call.method.clone(), url);
        if let Some(authorization) = authorization {
            authorization.put(request.headers_mut());
        }
        if let Some((content_type, _)) = call.body {
            request.headers_mut().insert(CONTENT_TYPE, content_type.clone());
        }
        let doing = if call.method == Method::GET { Doing::Reads } else { Doing::Writes };
        let outcome = loop {
            let way = self.way(doing, request.url()).await;
            let sent = inner.silence.send(call.gun.as_str())?;
            match way {
                Passage::Single(turn) => break self.send_single(call, request, (doing, turn), sent).await,
                Passage::InLine(line) => {
                    let body = call.body.map(|(_, body)| body).unwrap_or_default();
                    let outcome = match line.exchange(&request, body, call.what, call.limit).await {
                        Ok(answer) => Ok(answer),
                        Err(Missed::Failed(fault)) => Err(fault),
                        Err(Missed::Unsent) => {
                            if let Some(lines) = &inner.line {
                                lines.gone(&line).await;
                            }
                            continue;
                        }
                    };
                    self.learn(doing, sent, &outcome);
                    break outcome;
                }
            }
        };
        outcome.map_err(|fault| {
            if matches!(fault.error, RemoteError::Tls { .. }) {
                inner.distrusted.store(true, Ordering::Relaxed);
            }
            let changes = call.body.is_some() || call.method == Method::DELETE;
            if changes && fault.reach == Reach::Unknown { Fault::plain(lost(fault)) } else { fault }
        })
    }

    /// An upload may take long for other reasons than silence.
    fn learn(&self, doing: Doing, sent: Sent<'_>, outcome: &Result<Answer, Fault>) {
        if outcome.is_ok() || doing == Doing::Reads {
            self.inner.silence.learn(sent, outcome);
        }
    }

    /// Waits until a request may be sent, and says how.
    async fn way(&self, doing: Doing, url: &Url) -> Passage<'_> {
        let turns = &self.inner.turns;
        while let Some(lines) = self.lines(url) {
            lines.open(turns);
            tokio::select! {
                biased;
                () = lines.made() => {}
                turn = async {
                    lines.waited_long().await;
                    turns.take(doing).await
                } => return Passage::Single(turn),
            }
            if let Some(line) = lines.open_line().await {
                return Passage::InLine(line);
            }
        }
        tokio::select! {
            biased;
            turn = turns.take(doing) => Passage::Single(turn),
            // More connections to a server whose first one takes long.
            never = async {
                turns.waited_long().await;
                turns.spread();
                std::future::pending::<Infallible>().await
            } => match never {},
        }
    }

    /// The way in line, if there is one or may be one.
    fn lines(&self, url: &Url) -> Option<&Arc<ServerLine>> {
        let Inner { http, turns, line, .. } = &*self.inner;
        let may_open = || turns.is_free() && http.may_be_plain(url);
        line.as_ref().filter(|line| line.is_there().is_some_and(|is_there| is_there || may_open()))
    }

    /// Requests are about to come: there is a line by then.
    pub(crate) fn expect_some(&self) {
        let url = self.inner.endpoint.url("v2/");
        if let Some(lines) = url.ok().and_then(|url| self.lines(&url)) {
            lines.open(&self.inner.turns);
        }
    }

    /// Sends a request on a connection that it has for itself.
    async fn send_single(
        &self,
        call: &NotaryCall<'_>,
        mut request: Request,
        (doing, turn): (Doing, Turn<'_>),
        sent: Sent<'_>,
    ) -> Result<Answer, Fault> {
        let (inner, host) = (&*self.inner, self.host());
        let upload = call.body.map(|(_, body)| Upload::attach(&mut request, body));
        let outcome = inner.http.exchange(host, request, upload.as_ref(), call.what, call.limit).await;
        let is_calm = turn.is_calm();
        // Whose turn is next knows it.
        self.learn(doing, sent, &outcome);
        drop(turn);
        // Whose turn is next asks before this answer is worked on, which may take longer than the server needs.
        tokio::task::yield_now().await;
        if let Ok(answer) = &outcome {
            let (took, is_used) = answer.began;
            inner.turns.answered(doing, took, is_used, is_calm);
            self.unlearn();
        }
        let is_part = upload.is_some_and(|upload| !upload.is_whole());
        outcome.map_err(|fault| match fault.reach {
            Reach::Unknown if is_part => Fault { reach: Reach::Partly, ..fault },
            _ => fault,
        })
    }
}

/// How a request goes.
enum Passage<'a> {
    /// In its turn.
    Single(Turn<'a>),
    /// Behind others on one connection.
    InLine(Arc<OpenLine>),
}

/// A request of this server, as it is tried.
pub(super) struct Sending<'a> {
    server: &'a NotaryServer,
    call: NotaryCall<'a>,
    /// Whether the server may have acted on one of its tries.
    arrived: AtomicBool,
}

impl<'a> Sending<'a> {
    pub(super) fn new(server: &'a NotaryServer, call: NotaryCall<'a>) -> Self {
        Self { server, call, arrived: AtomicBool::new(false) }
    }

    /// Whether the server may have acted on it, whatever was answered.
    pub(super) fn has_arrived(&self) -> bool {
        self.arrived.load(Ordering::Relaxed)
    }
}

impl Attempt for Sending<'_> {
    type Outcome = Answer;

    fn method(&self) -> &Method {
        &self.call.method
    }

    async fn once(&self, authorization: Option<&Authorization>) -> Result<Answer, Fault> {
        let outcome = self.server.send_once(&self.call, authorization).await;
        // Who asks for a login does so before anything else.
        let is_let_in = |answer: &Answer| answer.status != 401 || Challenge::read(&answer.headers).is_none();
        if outcome.as_ref().map_or_else(|fault| fault.reach == Reach::Unknown, is_let_in) {
            self.arrived.store(true, Ordering::Relaxed);
        }
        outcome
    }

    fn slow_down(&self) {
        self.server.inner.turns.slow_down();
    }
}
