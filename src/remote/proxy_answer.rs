//! What a proxy says that does not let a request through: the HTTP library keeps it to itself.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, StatusCode, Url};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::again::is_passing;
use super::error::RemoteError;
use super::fault::{Fault, Reach, innermost};
use super::proxies::{Proxy, Route};

const PATIENCE: Duration = Duration::from_secs(5);
/// A status line is shorter.
const LINE: usize = 200;
/// What the library says of a login that is missing or wrong: over HTTP, and over SOCKS.
const KEPT_OUT: [&str; 2] = ["proxy authorization required", "credentials not accepted"];
/// The same over SOCKS where none was given.
const WANTS_LOGIN: &str = "user/pass authentication";

/// Finds out why a proxy refused: one that let nobody in with this login is not asked again, a plain one is once more, for
/// its status, and one that speaks SOCKS for why there is no connection.
pub(super) async fn explain(fault: Fault, route: &Route<'_>, url: &Url) -> Fault {
    let (Route::Through(proxy), RemoteError::Proxy { host, why, .. }) = (route, &fault.error) else { return fault };
    if KEPT_OUT.iter().any(|end| why.ends_with(end)) || why.ends_with(WANTS_LOGIN) && proxy.login().is_none() {
        return Fault { error: proxy.shut(host), ..fault };
    }
    let (why, reach) = match proxy.url().scheme() {
        "http" | "https" if why.starts_with("tunnel error") => refused_tunnel(proxy, url).await,
        "socks5h" if why.contains("underlying connection") => {
            let Some(place) = place(proxy.url()) else { return fault };
            let Ok(Err(error)) = timeout(PATIENCE, TcpStream::connect(place)).await else { return fault };
            (innermost(&error), fault.reach)
        }
        _ => return fault,
    };
    Fault { error: proxy.fault(host, why), reach }
}

/// Why a proxy gives no tunnel, and whether it may give one later. Only a plain one is asked.
async fn refused_tunnel(proxy: &Proxy, url: &Url) -> (String, Reach) {
    let refused = |reach| ("it refused the tunnel".to_owned(), reach);
    if proxy.url().scheme() != "http" {
        return refused(Reach::Nowhere);
    }
    let Ok(Some(line)) = timeout(PATIENCE, ask(proxy, url)).await else { return refused(Reach::Nowhere) };
    match status(&line) {
        // It would give one now: why it did not before is not known.
        Some(status) if status.is_success() => refused(Reach::HeldUp),
        Some(status) => {
            let words = status.canonical_reason().unwrap_or_default().to_lowercase();
            // Nothing has come to the server, so that an upload is as harmless as a read.
            let reach = if is_passing(&Method::GET, status) { Reach::HeldUp } else { Reach::Nowhere };
            (format!("it answers {} {words}", status.as_u16()).trim_end().to_owned(), reach)
        }
        None if line.is_empty() => ("it closed the connection without an answer".to_owned(), Reach::Nowhere),
        None => ("what it answers is no HTTP".to_owned(), Reach::Nowhere),
    }
}

fn status(line: &[u8]) -> Option<StatusCode> {
    let line = String::from_utf8_lossy(line);
    let code = line.strip_prefix("HTTP/1.")?.split_whitespace().nth(1)?;
    StatusCode::from_bytes(code.as_bytes()).ok()
}

/// Host and port of a proxy.
fn place(proxy: &Url) -> Option<(&str, u16)> {
    const SOCKS: u16 = 1080;
    let host = proxy.host_str()?.trim_start_matches('[').trim_end_matches(']');
    Some((host, proxy.port_or_known_default().unwrap_or(SOCKS)))
}

/// The beginning of the answer to `CONNECT`.
async fn ask(proxy: &Proxy, target: &Url) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(place(proxy.url())?).await.ok()?;
    let to = format!("{}:{}", target.host_str()?, target.port_or_known_default()?);
    let mut request = Zeroizing::new(format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n"));
    if let Some((user, password)) = proxy.login() {
        let login = Zeroizing::new(format!("{user}:{}", *password));
        request.push_str(&format!("Proxy-Authorization: Basic {}\r\n", STANDARD.encode(login.as_bytes())));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut line = Vec::new();
    while line.len() < LINE && !line.contains(&b'\n') {
        if stream.read_buf(&mut line).await.ok()? == 0 {
            break;
        }
    }
    Some(line)
}
