//! Comparing a repository of 10,000 signed tags with a registry that is far away: seconds, requests, connections, memory.
//!
//!     cargo bench --bench tags [-- --tags N] [--latency MS]
//!
//! The registry is a task of this process that answers each request after the latency; its memory counts too.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use support::machine::settings_of;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use trustdeck::engine::Engine;
use trustdeck::engine::tags::ask::{News, TagQuestion};
use trustdeck::engine::tags::registered::{KnownTag, Registered};
use trustdeck::tuf::Gun;

#[derive(Default)]
struct Counts {
    requests: AtomicUsize,
    connections: AtomicUsize,
}

fn number(option: &str, usual: usize) -> usize {
    let mut words = std::env::args().skip_while(|word| word != option).skip(1);
    words.next().map_or(usual, |word| word.parse().unwrap())
}

#[tokio::main]
async fn main() {
    if !std::env::args().any(|word| word == "--bench") {
        return; // a test run that builds everything
    }
    let (tags, latency) = (number("--tags", 10_000), Duration::from_millis(number("--latency", 50) as u64));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let counts = Arc::new(Counts::default());
    tokio::spawn(accept(listener, tags, latency, Arc::clone(&counts)));

    let home = tempfile::tempdir().unwrap();
    let mut settings = settings_of(home.path(), &home.path().join("trust"), "https://localhost:1");
    settings.servers.registries.addresses.insert(address.to_string(), format!("http://{address}"));
    let engine = Engine::open(settings, Arc::new(jiff::Timestamp::now)).unwrap();
    let gun = Gun::parse(&format!("{address}/bench/app")).unwrap();
    let began = Instant::now();
    let (known, first) = compare(&engine, &gun, tags).await;
    let seconds = began.elapsed().as_secs_f64();
    assert!(known.len() == tags && known.names().all(|name| known.of(name) != KnownTag::Listed));
    println!("{tags} tags at {} ms: {seconds:.1} s, the first answers after {first:.1} s", latency.as_millis());
    let (requests, connections) = (&counts.requests, &counts.connections);
    println!("{} requests on {} connections", requests.load(Ordering::SeqCst), connections.load(Ordering::SeqCst));
    println!("{} MiB at most", peak().map_or_else(|| "unknown".to_owned(), |kib| (kib / 1024).to_string()));
}

/// Everything that the registry answers, and after how many seconds the first tag was known.
async fn compare(engine: &Engine, gun: &Gun, tags: usize) -> (Registered, f64) {
    let (sender, mut news) = mpsc::channel(64);
    let (began, mut first) = (Instant::now(), 0.0);
    let asked = async {
        let sender = sender;
        let signed = (0..tags).map(|number| Arc::from(format!("t{number}"))).collect();
        engine.tags().ask_all(gun, TagQuestion { signed, ..TagQuestion::default() }, &sender).await.unwrap();
    };
    let heard = async {
        let mut known = Registered::default();
        while let Some(news) = news.recv().await {
            match news {
                News::Listed { registered, .. } => known = registered,
                News::Found(answers) => {
                    first = if first == 0.0 { began.elapsed().as_secs_f64() } else { first };
                    answers.into_iter().for_each(|answer| known.learn(answer));
                }
            }
        }
        known
    };
    let ((), known) = tokio::join!(asked, heard);
    (known, first)
}

async fn accept(listener: TcpListener, tags: usize, latency: Duration, counts: Arc<Counts>) {
    while let Ok((stream, _)) = listener.accept().await {
        counts.connections.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(serve(stream, tags, latency, Arc::clone(&counts)));
    }
}

async fn serve(stream: TcpStream, tags: usize, latency: Duration, counts: Arc<Counts>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut line, mut header) = (String::new(), String::new());
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        while header != "\r\n" {
            header.clear();
            stream.read_line(&mut header).await.ok()?;
        }
        counts.requests.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(latency).await;
        stream.get_mut().write_all(answer(&line, tags).as_bytes()).await.ok()?;
    }
}

fn answer(line: &str, tags: usize) -> String {
    let target = line.split(' ').nth(1).unwrap();
    if let Some((_, tag)) = target.split_once("/manifests/t") {
        let digest = format!("sha256:{:064x}", tag.parse::<usize>().unwrap());
        let media_type = "application/vnd.oci.image.manifest.v1+json";
        return format!(
            "HTTP/1.1 200 OK\r\nDocker-Content-Digest: {digest}\r\nContent-Type: {media_type}\r\nContent-Length: 500\r\n\r\n"
        );
    }
    let from = target.split_once("last=").map_or(0, |(_, last)| last.parse::<usize>().unwrap() + 1);
    let page: Vec<String> = (from..tags.min(from + 1000)).map(|number| format!("\"t{number}\"")).collect();
    let body = format!("{{\"tags\":[{}]}}", page.join(","));
    let next = format!("Link: </v2/bench/app/tags/list?n=1000&last={}>; rel=\"next\"\r\n", from + 999);
    let link = if from + 1000 < tags { next.as_str() } else { "" };
    format!("HTTP/1.1 200 OK\r\n{link}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// The most memory that was used, in KiB.
fn peak() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse().ok())
}
