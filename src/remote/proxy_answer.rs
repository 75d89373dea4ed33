//! What a proxy says that does not let a request through: the HTTP library keeps it to itself.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::error::RemoteError;
use super::fault::{Fault, LOGIN, innermost};
use super::proxies::Route;

const PATIENCE: Duration = Duration::from_secs(5);
/// A status line is shorter.
const LINE: usize = 200;

/// Asks a plain proxy that refused a tunnel once more, for its status, and one that speaks SOCKS, for why there is no
/// connection.
pub(super) async fn explain(fault: Fault, route: &Route<'_>, url: &Url) -> Fault {
    let (Route::Through(proxy), RemoteError::Proxy { host, proxy: shown, variable, why }) = (route, &fault.error)
    else {
        return fault;
    };
    let why = match proxy.url().scheme() {
        "http" if url.scheme() == "https" && why.contains("tunnel") => {
            let Ok(Some(status)) = timeout(PATIENCE, ask(proxy.url(), url)).await else { return fault };
            let login = if status == 407 { format!("; {LOGIN}") } else { String::new() };
            let words = reqwest::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
            format!("it answers {status} {}", words.unwrap_or_default().to_lowercase()).trim_end().to_owned() + &login
        }
        "socks5h" if why.contains("underlying connection") => {
            let Some(place) = place(proxy.url()) else { return fault };
            let Ok(Err(error)) = timeout(PATIENCE, TcpStream::connect(place)).await else { return fault };
            innermost(&error)
        }
        _ => return fault,
    };
    let error = RemoteError::Proxy { host: host.clone(), proxy: shown.clone(), variable, why };
    Fault { error, ..fault }
}

/// Host and port of a proxy.
fn place(proxy: &Url) -> Option<(&str, u16)> {
    const SOCKS: u16 = 1080;
    let host = proxy.host_str()?.trim_start_matches('[').trim_end_matches(']');
    Some((host, proxy.port_or_known_default().unwrap_or(SOCKS)))
}

async fn ask(proxy: &Url, target: &Url) -> Option<u16> {
    let mut stream = TcpStream::connect(place(proxy)?).await.ok()?;
    let to = format!("{}:{}", target.host_str()?, target.port_or_known_default()?);
    let mut request = Zeroizing::new(format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n"));
    if let Some(password) = proxy.password() {
        let login = Zeroizing::new(format!("{}:{password}", proxy.username()));
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
    let line = String::from_utf8_lossy(&line);
    line.strip_prefix("HTTP/1.").and_then(|rest| rest.split_whitespace().nth(1)?.parse().ok())
}
