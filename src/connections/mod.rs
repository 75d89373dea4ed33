//! Connections to the servers in here: how long one may do nothing or take nothing, and how many there are.
//!
//! Rules:
//!
//! - A connection without a request in hand ends after a while, whatever it has sent of one.
//! - One that takes nothing of an answer ends too, and of several with HTTP/2: of any.
//! - Where there are too many, the one that is idle for the longest makes room; if none is idle the new one goes. One
//!   address gets half of all.

mod attended;
mod line;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum_server::accept::Accept;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Handle, Server};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use attended::{Attended, Counted};
use line::Line;

/// How often it is said that there are too many.
const TOLD: Duration = Duration::from_secs(60);
/// Requests that one connection may have in hand, with HTTP/2.
const STREAMS: u32 = 32;
/// Bytes of an answer that wait for somebody slow.
const BUFFER: usize = 64 * 1024;

/// What connections may do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// How long one is kept that has no request in hand, and so how long the head of a request may take.
    pub(crate) idle: Duration,
    /// How long somebody may take nothing of an answer.
    pub(crate) taking: Duration,
    /// How many there are at once, half of them from one address.
    pub(crate) most: usize,
}

impl Default for Bounds {
    /// With what is read for them, connections stay below the 1024 files that a process may usually open.
    fn default() -> Self {
        Self { idle: Duration::from_secs(30), taking: Duration::from_secs(60), most: 512 }
    }
}

/// Who sent a request, as far as the connection says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Hears that there are too many.
pub(crate) type Log = Arc<dyn Fn(&str) + Send + Sync>;

/// All connections of one server.
#[derive(Clone)]
struct Connections {
    bounds: Bounds,
    log: Option<Log>,
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    next: u64,
    lines: HashMap<u64, Held>,
    told: Option<Instant>,
}

/// A connection that counts.
struct Held {
    peer: IpAddr,
    line: Arc<Line>,
}

/// Serves until the handle says otherwise.
///
/// # Errors
/// If the listener cannot be used.
pub(crate) fn serve(
    listener: TcpListener,
    tls: Option<RustlsConfig>,
    app: Router,
    handle: Handle<SocketAddr>,
    (bounds, log): (Bounds, Option<Log>),
) -> std::io::Result<JoinHandle<std::io::Result<()>>> {
    let attending = Connections { bounds, log, open: Arc::default() };
    let server = axum_server::from_tcp(listener)?.handle(handle);
    Ok(match tls {
        Some(tls) => {
            let mut server = server.acceptor(RustlsAcceptor::new(tls).acceptor(attending));
            bound(&mut server, bounds);
            tokio::spawn(server.serve(app.into_make_service()))
        }
        None => {
            let mut server = server.acceptor(attending);
            bound(&mut server, bounds);
            tokio::spawn(server.serve(app.into_make_service()))
        }
    })
}

fn bound<A>(server: &mut Server<SocketAddr, A>, bounds: Bounds) {
    let builder: &mut hyper_util::server::conn::auto::Builder<TokioExecutor> = server.http_builder();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(bounds.idle).max_buf_size(BUFFER);
    // No pings: on a full line they wait behind what is read slowly.
    builder.http2().max_concurrent_streams(STREAMS).max_send_buf_size(BUFFER);
}

impl<S> Accept<TcpStream, S> for Connections {
    type Stream = Attended;
    type Service = Counted<S>;
    type Future = std::future::Ready<std::io::Result<(Attended, Counted<S>)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let peer = stream.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical());
        std::future::ready(match self.begin(peer) {
            Some((id, line)) => {
                let counted = Counted::new(service, Arc::clone(&line), Peer(peer));
                Ok((Attended::new(stream, line, self.bounds, Place { id, peer, of: self.clone() }), counted))
            }
            None => Err(std::io::ErrorKind::ConnectionRefused.into()),
        })
    }
}

impl Connections {
    /// A line for a new connection; `None` where there is no room for one.
    fn begin(&self, peer: IpAddr) -> Option<(u64, Arc<Line>)> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let (most, share) = (self.bounds.most, self.bounds.most.div_ceil(2));
        loop {
            let own = open.lines.values().filter(|held| held.peer == peer).count();
            if own >= share {
                self.make_room(&mut open, |held| held.peer == peer, &format!("{share} connections of {peer}"))?;
            } else if open.lines.len() >= most {
                self.make_room(&mut open, |_| true, &format!("{most} connections"))?;
            } else {
                break;
            }
        }
        let (id, line) = (open.next, Arc::new(Line::new()));
        open.next += 1;
        open.lines.insert(id, Held { peer, line: Arc::clone(&line) });
        Some((id, line))
    }

    /// Ends the one of some that is idle for the longest; `None` where none is.
    fn make_room(&self, open: &mut Open, is_of: impl Fn(&Held) -> bool, many: &str) -> Option<()> {
        let idle = open.lines.iter().filter(|(_, held)| is_of(held));
        let oldest = idle.filter_map(|(id, held)| Some((held.line.idle_since()?, *id))).min().map(|(_, id)| id);
        let goes = if oldest.is_some() { "the one that is idle for the longest ends" } else { "new ones are refused" };
        if open.told.is_none_or(|told| told.elapsed() >= TOLD) {
            open.told = Some(Instant::now());
            self.log.iter().for_each(|log| log(&format!("{many} at once: {goes}")));
        }
        open.lines.remove(&oldest?)?.line.end();
        Some(())
    }
}

/// A connection's place among all; it is free again when this is dropped.
struct Place {
    id: u64,
    peer: IpAddr,
    of: Connections,
}

impl Place {
    /// Counts one on that made room, but has a request in hand by now.
    fn keep(&self, line: &Arc<Line>) {
        let mut open = self.of.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.lines.entry(self.id).or_insert_with(|| Held { peer: self.peer, line: Arc::clone(line) });
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.of.open.lock().unwrap_or_else(PoisonError::into_inner).lines.remove(&self.id);
    }
}

#[cfg(test)]
mod tests;
