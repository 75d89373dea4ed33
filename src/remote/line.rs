//! Requests in line on one connection: each is sent before the one before it is answered (HTTP/1.1, RFC 9112 section 9.3.2).
//!
//! A server takes up a request when it has answered the one before: a trust server works without a pause, however far away
//! it is, and yet never has two in its hands (see [`Turns`]). So the first request opens a line, and all others go in it.
//! It holds everybody else off as long as it lasts, and ends when nobody has asked for a while. One that breaks, or leads
//! to a server that has something better than HTTP/1.1, is not opened again: what it left unanswered, and what waits for it
//! for too long, goes the way of single requests.

mod queued;
mod reading;
mod writing;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::Request;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tower_service::Service;

use super::confided::Confided;
use super::endpoint::Endpoint;
use super::http::Answer;
use super::limits::Limits;
use super::setup::{Learned, Setup};
use super::turns::Turns;
pub(super) use queued::Missed;
use queued::{Awaited, End, Queued, Written};
use reading::Reading;
use writing::{head, write};

/// Who waits so long for a line to be made asks on a connection of its own,
const PATIENCE: Duration = Duration::from_secs(1);
/// or, where the server was reached, so many times longer than that took: what is left is one more round trip.
const TRIPS: u32 = 3;
/// For so long a server may work off what it has before it, once nothing of that is wanted.
const LINGER: Duration = Duration::from_secs(2);
/// Requests that are sent and not yet answered, at most.
const DEPTH: usize = 32;
/// The line of one server, while there is one.
pub(super) struct ServerLine {
    address: Address,
    state: watch::Sender<State>,
    /// How long it took to reach the server, once it is reached.
    reached: Mutex<Option<Duration>>,
}

/// Where a line leads, and how.
struct Address {
    /// `host[:port]`, for messages.
    host: Arc<str>,
    name: String,
    url: Uri,
    /// `None` for plain HTTP.
    tls: Option<Arc<ClientConfig>>,
    limits: Limits,
    /// Hears of one that speaks HTTP/2.
    learned: Option<Learned>,
}

#[derive(Clone, Default)]
enum State {
    #[default]
    Closed,
    Opening,
    /// Connected: it opens as soon as what is under way is answered.
    Ready,
    Open(Arc<OpenLine>),
    /// It broke, or could not be opened.
    Never,
}

/// An open line.
pub(super) struct OpenLine {
    jobs: mpsc::UnboundedSender<Queued>,
}

impl ServerLine {
    /// Nothing is opened yet. `tls` is what a connection is made with. `None` for a server that speaks HTTP/2.
    pub(super) fn new(endpoint: &Endpoint, tls: Option<Arc<ClientConfig>>, setup: &Setup) -> Option<Self> {
        if setup.speaks_http2 {
            return None;
        }
        let address = Address {
            host: endpoint.host().into(),
            name: endpoint.name().trim_start_matches('[').trim_end_matches(']').to_owned(),
            url: endpoint.base().parse().ok()?,
            tls,
            limits: setup.limits,
            learned: setup.learned.clone(),
        };
        Some(Self { address, state: watch::Sender::default(), reached: Mutex::default() })
    }

    /// Whether one is there or being made; `None` if there is none and will be none.
    pub(super) fn is_there(&self) -> Option<bool> {
        match &*self.state.borrow() {
            State::Never => None,
            State::Closed => Some(false),
            State::Opening | State::Ready | State::Open(_) => Some(true),
        }
    }

    /// Waits as long as a line is being made. Who waits for a turn gives that up then, so that the line can open.
    pub(super) async fn made(&self) {
        // Fails only once nobody can ask any more.
        let _ = self.state.subscribe().wait_for(|state| !matches!(state, State::Opening)).await;
    }

    /// For how long a line is waited for that is being made.
    pub(super) async fn waited_long(&self) {
        tokio::time::sleep(PATIENCE).await;
        let reached = *self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        tokio::time::sleep(reached.unwrap_or_default() * TRIPS).await;
    }

    /// The line that is coming, once it is open.
    pub(super) async fn open_line(&self) -> Option<Arc<OpenLine>> {
        let mut state = self.state.subscribe();
        let settled = state.wait_for(|state| !matches!(state, State::Ready)).await.ok()?;
        if let State::Open(line) = &*settled { Some(Arc::clone(line)) } else { None }
    }

    /// Opens a line if there is none, unless the user knows how many requests the server takes at once.
    pub(super) fn open(self: &Arc<Self>, turns: &Arc<Turns>) {
        if !turns.is_free() {
            return;
        }
        let begins = |state: &mut State| {
            let is_closed = matches!(state, State::Closed);
            if is_closed {
                *state = State::Opening;
            }
            is_closed
        };
        if !self.state.send_if_modified(begins) {
            return;
        }
        turns.gather(true);
        let (lines, turns) = (Arc::clone(self), Arc::clone(turns));
        tokio::spawn(async move {
            let end = lines.run(&turns).await;
            turns.gather(false);
            lines.state.send_replace(match end {
                End::Idle | End::Closed { is_early: false } => State::Closed,
                End::Closed { is_early: true } | End::Broken | End::LeftBehind => State::Never,
            });
        });
    }

    async fn run(&self, turns: &Turns) -> End {
        let Address { limits, url, name, tls, .. } = &self.address;
        let began = Instant::now();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        // Small requests are sent at once.
        tcp.set_nodelay(true);
        let Ok(Ok(stream)) = tokio::time::timeout(limits.connect, tcp.call(url.clone())).await else {
            return End::Broken;
        };
        *self.reached.lock().unwrap_or_else(PoisonError::into_inner) = Some(began.elapsed());
        let stream = stream.into_inner();
        let Some(tls) = tls.clone() else {
            turns.connected(began.elapsed());
            return self.serve(stream, turns).await;
        };
        let Ok(name) = ServerName::try_from(name.clone()) else { return End::Broken };
        match tokio::time::timeout(limits.connect, TlsConnector::from(tls).connect(name, stream)).await {
            Ok(Ok(stream)) => {
                // One round trip for TCP, one for TLS.
                turns.connected(began.elapsed() / 2);
                if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                    self.address.learned.iter().for_each(|learned| learned(true));
                    return End::Broken;
                }
                self.serve(stream, turns).await
            }
            _ => End::Broken,
        }
    }

    /// Serves those in line until it ends.
    async fn serve(&self, stream: impl AsyncRead + AsyncWrite + Send, turns: &Turns) -> End {
        self.state.send_replace(State::Ready);
        let _alone = turns.hold().await;
        let (jobs, wanted) = mpsc::unbounded_channel();
        self.state.send_replace(State::Open(Arc::new(OpenLine { jobs })));
        serve(stream, wanted, &self.address).await
    }

    /// Waits until a line that has ended is known to have.
    pub(super) async fn gone(&self, line: &Arc<OpenLine>) {
        let is_other = |state: &State| !matches!(state, State::Open(open) if Arc::ptr_eq(open, line));
        // Fails only once nobody can ask any more.
        let _ = self.state.subscribe().wait_for(is_other).await;
    }
}

impl OpenLine {
    /// Sends a request in its turn and waits for the answer. More than `limit` bytes are an error for a success, and cut
    /// for failures.
    pub(super) async fn exchange(
        &self,
        request: &Request,
        body: &[u8],
        what: &str,
        limit: u64,
    ) -> Result<Answer, Missed> {
        let (answer, answered) = oneshot::channel();
        let is_written = Arc::new(AtomicBool::new(false));
        let written =
            Written { head: head(request, body.len()), body: body.to_vec(), is_whole: Arc::clone(&is_written) };
        let confided = Confided::in_request(request);
        let awaited = Awaited { what: what.to_owned(), limit, confided, is_written, answer };
        self.jobs.send(Queued { written, awaited }).map_err(|_| Missed::Unsent)?;
        answered.await.unwrap_or(Err(Missed::Unsent))
    }
}

/// Writes and reads until one of them ends.
async fn serve(
    stream: impl AsyncRead + AsyncWrite + Send,
    mut wanted: mpsc::UnboundedReceiver<Queued>,
    address: &Address,
) -> End {
    let (from, mut to) = tokio::io::split(stream);
    let (sent, mut unanswered) = mpsc::unbounded_channel();
    let progress = watch::Sender::new(Instant::now());
    let depth = Arc::new(Semaphore::new(DEPTH));
    let mut reading = Reading::new(from, Arc::clone(&address.host), address.limits);
    let end = tokio::select! {
        biased;
        end = reading.answers(&mut unanswered, progress.subscribe()) => end,
        () = write(&mut to, &mut wanted, &sent, &depth, &progress) => End::Broken,
    };
    // First those that may have been taken up, then those that were not sent.
    unanswered.close();
    while let Ok((awaited, _place)) = unanswered.try_recv() {
        awaited.broken(&address.host, end);
    }
    wanted.close();
    while let Ok(job) = wanted.try_recv() {
        job.awaited.unsent();
    }
    if end == End::LeftBehind {
        let rest = async {
            if to.shutdown().await.is_ok() {
                reading.drain().await;
            }
        };
        // Then it has had its time.
        let _ = tokio::time::timeout(LINGER, rest).await;
    }
    end
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests;
