//! The way to the server.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use reqwest::Request;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::queued::{Queued, Sent};

/// Pieces in which requests are handed to the connection, in bytes.
const PIECE: usize = 16 * 1024;

/// The head of a request with so long a body.
pub(super) fn head(request: &Request, length: usize) -> Zeroizing<Vec<u8>> {
    let url = request.url();
    let (host, path) = (url.host_str().unwrap_or_default(), url.path());
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let begin = format!("{} {path} HTTP/1.1\r\nHost: {host}{port}\r\n", request.method());
    let agent = concat!("User-Agent: trustdeck/", env!("CARGO_PKG_VERSION"), "\r\nAccept: */*\r\n");
    // Room for all of it: a buffer that grows leaves copies behind.
    let room = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>();
    let mut head = Zeroizing::new(Vec::with_capacity(begin.len() + agent.len() + room + 64));
    head.extend_from_slice(begin.as_bytes());
    head.extend_from_slice(agent.as_bytes());
    for (name, value) in request.headers() {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            head.extend_from_slice(part);
        }
    }
    if length > 0 || request.method() == reqwest::Method::POST {
        head.extend_from_slice(format!("Content-Length: {length}\r\n").as_bytes());
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// Sends what is wanted, one behind the other. Ends when the connection takes no more, or nobody can ask.
pub(super) async fn write(
    to: &mut (impl AsyncWrite + Unpin),
    wanted: &mut mpsc::UnboundedReceiver<Queued>,
    sent: &mpsc::UnboundedSender<Sent>,
    depth: &Arc<Semaphore>,
    progress: &watch::Sender<Instant>,
) {
    while let Ok(place) = Arc::clone(depth).acquire_owned().await {
        let Some(Queued { written, awaited }) = wanted.recv().await else { return };
        progress.send_replace(Instant::now());
        if sent.send((awaited, place)).is_err() {
            return;
        }
        for piece in [written.head.as_slice(), &written.body].into_iter().flat_map(|part| part.chunks(PIECE)) {
            if to.write_all(piece).await.is_err() {
                return;
            }
            progress.send_replace(Instant::now());
        }
        if to.flush().await.is_err() {
            return;
        }
        written.is_whole.store(true, Ordering::Relaxed);
    }
}
