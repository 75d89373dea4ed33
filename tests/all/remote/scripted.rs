//! A server on loopback that does what a test says, byte for byte.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request as it arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    /// `GET /path?query`
    pub(crate) line: String,
    /// Header lines as they were sent.
    pub(crate) headers: Vec<String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// What to do with a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Send these bytes; keep the connection.
    Send(Vec<u8>),
    /// Send these bytes and close.
    SendAndClose(Vec<u8>),
    /// Send these bytes and then nothing more.
    SendAndHang(Vec<u8>),
    /// Send these bytes, then the last ones again and again.
    Endless(Vec<u8>, Vec<u8>),
}

/// An answer with a body.
pub(crate) fn answer(status: &str, headers: &[&str], body: &str) -> Act {
    let lines: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    Act::Send(format!("HTTP/1.1 {status}\r\n{lines}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
}

type Script = dyn Fn(&Request, usize) -> Act + Send + Sync;

/// The running server; it ends with the value.
pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    connections: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Scripted {
    /// Answers requests by `script`, which also gets their number, from 0.
    pub(crate) async fn start(script: impl Fn(&Request, usize) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (script, heard): (Arc<Script>, _) = (Arc::new(script), Arc::clone(&requests));
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let accepting = tokio::spawn(async move {
            let mut served = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                served.spawn(serve(stream, Arc::clone(&script), Arc::clone(&heard)));
            }
        });
        Self { address, requests, connections, accepting }
    }

    /// Base URL by IP address.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Requests whose first line contains `text`.
    pub(crate) fn count(&self, text: &str) -> usize {
        self.requests().iter().filter(|request| request.line.contains(text)).count()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(mut stream: TcpStream, script: Arc<Script>, heard: Arc<Mutex<Vec<Request>>>) -> Option<()> {
    let mut came = Vec::new();
    loop {
        let request = receive(&mut stream, &mut came).await?;
        let number = {
            let mut heard = heard.lock().unwrap();
            heard.push(request.clone());
            heard.len() - 1
        };
        match script(&request, number) {
            Act::Send(bytes) => stream.write_all(&bytes).await.ok()?,
            Act::SendAndClose(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                return None;
            }
            Act::SendAndHang(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                std::future::pending::<()>().await;
            }
            Act::Endless(first, more) => {
                stream.write_all(&first).await.ok()?;
                loop {
                    stream.write_all(&more).await.ok()?;
                }
            }
        }
    }
}

/// Reads a request with its body, and no more of what comes behind it; `None` when the client has gone.
async fn receive(stream: &mut TcpStream, came: &mut Vec<u8>) -> Option<Request> {
    let head = loop {
        if let Some(end) = came.windows(4).position(|w| w == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(came).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8(came.drain(..head + 4).take(head).collect()).unwrap();
    let mut lines = text.lines().map(str::to_owned);
    let line = lines.next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
    let mut request = Request { line, headers: lines.collect(), body: Vec::new() };
    let length: usize = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    while came.len() < length {
        if stream.read_buf(came).await.ok()? == 0 {
            return None;
        }
    }
    request.body = came.drain(..length).collect();
    Some(request)
}
