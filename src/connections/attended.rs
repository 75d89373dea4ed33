//! A connection whose reads and writes are timed, and the service that counts its requests.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Request, Response};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http_body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep, sleep_until};
use tokio_util::sync::WaitForCancellationFutureOwned;
use tower_service::Service;

use super::line::{Handed, Line, Running};
use super::{Bounds, Peer, Place};

/// A connection; it ends where its bounds are passed.
pub(crate) struct Attended {
    stream: TcpStream,
    line: Arc<Line>,
    bounds: Bounds,
    idle: Pin<Box<Sleep>>,
    ended: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Until when something of what waits must have been taken.
    stuck: Option<Pin<Box<Sleep>>>,
    place: Place,
}

impl Attended {
    pub(super) fn new(stream: TcpStream, line: Arc<Line>, bounds: Bounds, place: Place) -> Self {
        let idle = Box::pin(sleep(bounds.idle.min(bounds.taking)));
        let ended = Box::pin(line.ended().cancelled_owned());
        Self { stream, line, bounds, idle, ended, stuck: None, place }
    }

    /// Ready once it is over: idle or untaken for too long, or another one needs its place.
    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let is_ended = self.ended.as_mut().poll(cx).is_ready();
        loop {
            let (now, since) = (Instant::now(), self.line.idle_since());
            match since {
                Some(_) if is_ended => return Poll::Ready(io::ErrorKind::ConnectionAborted.into()),
                // A request that has begun meanwhile is answered first.
                None if is_ended => self.place.keep(&self.line),
                _ => {}
            }
            ready!(self.idle.as_mut().poll(cx));
            let until = since.unwrap_or(now) + self.bounds.idle;
            if until <= now || self.is_untaken(now) {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            self.idle.as_mut().reset(until.min(now + self.bounds.taking));
        }
    }

    /// Whether nothing was taken of a body for too long. With HTTP/2 nothing else tells that.
    fn is_untaken(&self, now: Instant) -> bool {
        self.line.untaken_since().is_some_and(|since| since + self.bounds.taking <= now)
    }

    /// What a write ends with, or an error once nothing was taken for too long.
    fn timed<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        self.line.write(written.is_pending());
        let now = Instant::now();
        if self.is_untaken(now) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        if written.is_ready() {
            self.stuck = None;
            return written;
        }
        let until = now + self.bounds.taking;
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(sleep_until(until)));
        stuck.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Attended {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_read(cx, buf) {
            Poll::Pending => self.poll_over(cx).map(Err),
            read => read,
        }
    }
}

impl AsyncWrite for Attended {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.timed(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.timed(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A service whose requests count on their connection.
#[derive(Clone)]
pub(crate) struct Counted<S> {
    service: S,
    line: Arc<Line>,
    peer: Peer,
}

impl<S> Counted<S> {
    pub(super) fn new(service: S, line: Arc<Line>, peer: Peer) -> Self {
        Self { service, line, peer }
    }
}

impl<S, B> Service<Request<B>> for Counted<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let (running, line) = (Running::on(&self.line), Arc::clone(&self.line));
        request.extensions_mut().insert(self.peer);
        let answer = self.service.call(request);
        async move {
            let answer = answer.await?;
            Ok(answer.map(|body| Body::new(CountedBody { body, handed: Handed::on(&line), _running: running })))
        }
        .boxed()
    }
}

/// A body whose request is in hand until it ends.
struct CountedBody {
    body: Body,
    handed: Handed,
    _running: Running,
}

impl HttpBody for CountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        self.handed.asked(frame.is_ready());
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
