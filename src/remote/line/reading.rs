//! The way back: answers in the order of their requests.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use reqwest::StatusCode;
use reqwest::header::{CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout, timeout_at};

use super::queued::{Awaited, CLOSED, End, Missed, Sent};
use crate::remote::error::RemoteError;
use crate::remote::fault::{Fault, innermost};
use crate::remote::http::{Answer, ERROR_BODY, check_encoding};
use crate::remote::limits::{Limits, Overdue};
use crate::remote::rate::{Rate, crumbs};

/// After so long without a request the line ends, before most servers end it.
const IDLE: Duration = Duration::from_secs(55);
/// Who closes a connection sooner than after so many answers does not want lines.
const WORTH: usize = 32;
/// Room for what may come at once.
const ROOM: usize = 16 * 1024;
/// A longer head is none.
const HEAD: usize = 64 * 1024;
const HEADERS: usize = 100;
/// More heads of answers that are still to come are none.
const INTERIM: usize = 16;
/// A longer line before a piece of a body, or behind all, is none.
const LINE: usize = 1024;
/// So much of a failure's body is read beyond what is kept; for more the line ends.
const REST: u64 = 64 * 1024;

/// Answers as they come.
pub(super) struct Reading<R> {
    from: R,
    came: BytesMut,
    host: Arc<str>,
    limits: Limits,
}

/// Where a body ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Body {
    Of(u64),
    InPieces,
    ToTheEnd,
}

/// What comes behind an answer.
enum Then {
    Next,
    /// Nothing: the server has said so.
    Closed,
    /// The rest of it, which is not read.
    LeftBehind,
}

struct Head {
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
    /// Whether this answer is the last on its connection.
    is_last: bool,
}

impl<R: AsyncRead + Unpin> Reading<R> {
    pub(super) fn new(from: R, host: Arc<str>, limits: Limits) -> Self {
        Self { from, came: BytesMut::new(), host, limits }
    }

    /// Reads answers until the line ends.
    pub(super) async fn answers(
        &mut self,
        sent: &mut mpsc::UnboundedReceiver<Sent>,
        progress: watch::Receiver<Instant>,
    ) -> End {
        let mut answered = 0;
        loop {
            // Nothing is due that could be the answer to something.
            if sent.is_empty() && !self.came.is_empty() {
                return End::Broken;
            }
            let (awaited, place) = tokio::select! {
                biased;
                next = sent.recv() => match next {
                    Some(next) => next,
                    None => return End::Idle,
                },
                // Nothing is due: what comes now is the end, or no answer to anything.
                came = self.receive() => {
                    // Whoever answers nothing before that would be asked on one line after the other.
                    let is_idle = matches!(came, Ok(0)) && answered > 0;
                    return if is_idle { End::Idle } else { End::Broken };
                }
                () = tokio::time::sleep(IDLE) => return End::Idle,
            };
            let whole = timeout(self.limits.total, self.answer(&awaited, &progress)).await;
            let slow = || Err(Fault::plain(self.slow(Overdue::End, self.limits.total)));
            match whole.unwrap_or_else(|_| slow()) {
                Ok((answer, then)) => {
                    let is_written = awaited.is_written.load(Ordering::Relaxed);
                    awaited.tell(Ok(answer));
                    answered += 1;
                    match then {
                        Then::Next if is_written => {}
                        // The server may take no more of this request, and nothing can be sent behind it.
                        Then::Next => return End::Closed { is_early: false },
                        Then::Closed => return End::Closed { is_early: answered < WORTH },
                        Then::LeftBehind => return End::LeftBehind,
                    }
                }
                Err(fault) => {
                    let reach = awaited.reach();
                    // A server that says nothing is not waited for again, and one that has gone says no more.
                    let is_over = matches!(fault.error, RemoteError::Slow { .. } | RemoteError::BrokeOff { .. });
                    awaited.tell(Err(Missed::Failed(Fault { reach, ..fault })));
                    return if is_over { End::Broken } else { End::LeftBehind };
                }
            }
            drop(place);
        }
    }

    /// Reads one answer, and says what comes behind it.
    async fn answer(
        &mut self,
        awaited: &Awaited,
        progress: &watch::Receiver<Instant>,
    ) -> Result<(Answer, Then), Fault> {
        let asked = Instant::now();
        let Head { status, headers, body, is_last } = self.head(asked, progress).await?;
        check_encoding(&self.host, &headers)?;
        let began = (asked.elapsed(), false);
        let (most, kept) = match status.is_success() {
            true => (awaited.limit, awaited.limit),
            false => (ERROR_BODY + REST, ERROR_BODY),
        };
        let mut read = Vec::new();
        let whole = self.body(body, &mut read, (&awaited.what, most)).await;
        let then = match whole {
            Err(fault) if status.is_success() => return Err(fault),
            // The status tells already; what is left of the body is nobody's answer.
            Err(_) if !is_last => Then::LeftBehind,
            Ok(()) if !is_last => Then::Next,
            _ => Then::Closed,
        };
        let mut body = read;
        body.truncate(usize::try_from(kept).unwrap_or(usize::MAX));
        if !status.is_success() {
            body = awaited.confided.kept_out_of(body);
        }
        Ok((Answer { status, headers, body, began }, then))
    }

    async fn head(&mut self, asked: Instant, progress: &watch::Receiver<Instant>) -> Result<Head, Fault> {
        let limit = self.limits.first_byte;
        let mut interim = 0;
        loop {
            if let Some(head) = self.parsed()? {
                if !head.status.is_informational() {
                    return Ok(head);
                }
                interim += 1;
                if interim > INTERIM {
                    return Err(self.improper("too many heads before the answer"));
                }
                continue;
            }
            if self.came.len() > HEAD {
                return Err(self.improper("message head is too large"));
            }
            // As long as a request is being sent its answer is not due.
            let since = asked.max(*progress.borrow());
            match timeout_at(since + limit, self.receive()).await {
                Ok(came) => self.more(came)?,
                Err(_) if *progress.borrow() > since => {}
                Err(_) => return Err(Fault::plain(self.slow(Overdue::Answer, limit))),
            }
        }
    }

    /// The head, if all of it is there.
    fn parsed(&mut self) -> Result<Option<Head>, Fault> {
        let mut room = [httparse::EMPTY_HEADER; HEADERS];
        let mut response = httparse::Response::new(&mut room);
        let length = match response.parse(&self.came) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(why) => return Err(self.improper(&why.to_string())),
        };
        let status = response.code.and_then(|code| StatusCode::from_u16(code).ok());
        let Some(status) = status else { return Err(self.improper("invalid HTTP status")) };
        let mut headers = HeaderMap::new();
        for header in response.headers.iter() {
            let (name, value) = (HeaderName::from_bytes(header.name.as_bytes()), HeaderValue::from_bytes(header.value));
            let (Ok(name), Ok(value)) = (name, value) else { return Err(self.improper("invalid HTTP header")) };
            headers.append(name, value);
        }
        // Before HTTP/1.1 a connection ended with its answer, unless that said otherwise.
        let is_old = response.version == Some(0);
        let Some(body) = body_of(status, &headers) else { return Err(self.improper("invalid length of its body")) };
        let says = |what: &str| {
            headers.get_all(CONNECTION).iter().any(|value| {
                value.to_str().is_ok_and(|words| words.split(',').any(|word| word.trim().eq_ignore_ascii_case(what)))
            })
        };
        let is_last = says("close") || (is_old && !says("keep-alive")) || body == Body::ToTheEnd;
        self.came.advance(length);
        Ok(Some(Head { status, headers, body, is_last }))
    }

    /// Reads a body of at most `most` bytes.
    async fn body(&mut self, body: Body, read: &mut Vec<u8>, (what, most): (&str, u64)) -> Result<(), Fault> {
        let mut rate = Rate::new(self.limits.stall);
        let mut cut = Rate::new(self.limits.stall);
        match body {
            Body::Of(length) => self.piece(length, read, (what, most), &mut rate).await?,
            Body::InPieces => loop {
                let length = self.chunk(&mut rate).await?;
                if length == 0 {
                    // Lines behind the body, and an empty one.
                    let mut lines = 0;
                    while self.line(&mut rate).await? > 2 {
                        lines += 1;
                        if lines > HEADERS {
                            return Err(self.improper("too many lines behind a body"));
                        }
                    }
                    break;
                }
                self.piece(length, read, (what, most), &mut rate).await?;
                // They may have come together.
                cut.piece(usize::try_from(length).unwrap_or(usize::MAX));
                if cut.is_crumbs() {
                    return Err(Fault::plain(crumbs(&self.host)));
                }
                if self.line(&mut rate).await? > 2 {
                    return Err(self.improper("invalid chunk"));
                }
            },
            Body::ToTheEnd => loop {
                let came = self.came.split();
                if (read.len() + came.len()) as u64 > most {
                    return Err(self.too_big(what, most));
                }
                read.extend_from_slice(&came);
                if !self.wait(&mut rate).await? {
                    break;
                }
            },
        }
        Ok(())
    }

    /// Reads so many bytes.
    async fn piece(
        &mut self,
        length: u64,
        read: &mut Vec<u8>,
        (what, most): (&str, u64),
        rate: &mut Rate,
    ) -> Result<(), Fault> {
        // Announced is not received: nothing is reserved for it.
        if length > most.saturating_sub(read.len() as u64) {
            return Err(self.too_big(what, most));
        }
        let mut left = usize::try_from(length).unwrap_or(usize::MAX);
        loop {
            let came = self.came.split_to(left.min(self.came.len()));
            read.extend_from_slice(&came);
            left -= came.len();
            if left == 0 {
                return Ok(());
            }
            self.need(rate).await?;
        }
    }

    /// The length of the next piece.
    async fn chunk(&mut self, rate: &mut Rate) -> Result<u64, Fault> {
        loop {
            match httparse::parse_chunk_size(&self.came) {
                Ok(httparse::Status::Complete((taken, length))) => {
                    self.came.advance(taken);
                    return Ok(length);
                }
                Ok(httparse::Status::Partial) if self.came.len() <= LINE => self.need(rate).await?,
                _ => return Err(self.improper("invalid chunk size")),
            }
        }
    }

    /// Skips a line; its length with its end.
    async fn line(&mut self, rate: &mut Rate) -> Result<usize, Fault> {
        loop {
            match self.came.iter().position(|byte| *byte == b'\n') {
                Some(end) => {
                    self.came.advance(end + 1);
                    return Ok(end + 1);
                }
                None if self.came.len() <= LINE => self.need(rate).await?,
                None => return Err(self.improper("invalid line behind a body")),
            }
        }
    }

    /// Waits for bytes that must come.
    async fn need(&mut self, rate: &mut Rate) -> Result<(), Fault> {
        if self.wait(rate).await? { Ok(()) } else { Err(self.broke(CLOSED.to_owned())) }
    }

    /// Waits for bytes; `false` at the end of the connection.
    async fn wait(&mut self, rate: &mut Rate) -> Result<bool, Fault> {
        loop {
            match timeout_at(rate.until(), self.receive()).await {
                Ok(Ok(0)) => return Ok(false),
                Ok(Ok(bytes)) => {
                    rate.count(bytes);
                    if rate.is_crumbs() {
                        return Err(Fault::plain(crumbs(&self.host)));
                    }
                    return Ok(true);
                }
                Ok(Err(error)) => return Err(self.broke(innermost(&error))),
                Err(_) if rate.goes_on() => {}
                Err(_) => return Err(Fault::plain(self.slow(rate.lacks(), self.limits.stall))),
            }
        }
    }

    /// Reads away what a server still writes, until it ends the connection.
    pub(super) async fn drain(&mut self) {
        loop {
            self.came.clear();
            if !matches!(self.receive().await, Ok(bytes) if bytes > 0) {
                return;
            }
        }
    }

    /// Receives what is there.
    async fn receive(&mut self) -> std::io::Result<usize> {
        self.came.reserve(ROOM);
        self.from.read_buf(&mut self.came).await
    }

    fn more(&self, came: std::io::Result<usize>) -> Result<(), Fault> {
        match came {
            Ok(0) => Err(self.broke(CLOSED.to_owned())),
            Ok(_) => Ok(()),
            Err(error) => Err(self.broke(innermost(&error))),
        }
    }

    fn broke(&self, why: String) -> Fault {
        Fault::plain(RemoteError::BrokeOff { host: self.host.to_string(), why })
    }

    fn improper(&self, why: &str) -> Fault {
        let why = format!("it is no proper HTTP: {why}");
        Fault::plain(RemoteError::BadAnswer { host: self.host.to_string(), why })
    }

    fn too_big(&self, what: &str, limit: u64) -> Fault {
        Fault::plain(RemoteError::TooBig { host: self.host.to_string(), what: what.to_owned(), limit })
    }

    fn slow(&self, what: Overdue, limit: Duration) -> RemoteError {
        RemoteError::Slow { host: self.host.to_string(), what, seconds: limit.as_secs() }
    }
}

/// Where a body ends; `None` if that cannot be told for sure.
fn body_of(status: StatusCode, headers: &HeaderMap) -> Option<Body> {
    if status.is_informational() || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
        return (status != StatusCode::SWITCHING_PROTOCOLS).then_some(Body::Of(0));
    }
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let (length, other) = (lengths.next(), lengths.next());
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), length) {
        (Some(_), None) if codings.next().is_some() => None,
        (Some(coding), None) => coding.as_bytes().eq_ignore_ascii_case(b"chunked").then_some(Body::InPieces),
        (None, Some(length)) if other.is_none() && length.as_bytes().iter().all(u8::is_ascii_digit) => {
            length.to_str().ok()?.parse().ok().map(Body::Of)
        }
        (None, None) => Some(Body::ToTheEnd),
        _ => None,
    }
}
