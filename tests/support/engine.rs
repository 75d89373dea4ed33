//! A container engine that has one image under every name, and says that it has pushed it: what `docker push` and
//! `docker trust sign` ask a daemon.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::json;

/// A socket that answers as an engine, for as long as the process lives.
pub struct Engine {
    /// What `DOCKER_HOST` is set to.
    pub host: String,
    pushed: Arc<Mutex<Vec<String>>>,
}

/// What it has.
#[derive(Clone)]
struct Holds {
    digest: String,
    size: usize,
    /// Names with this in them are not there.
    without: &'static str,
}

impl Engine {
    /// Starts one below `dir` whose image has this manifest. A name with `missing` in it is of no image.
    pub fn start(dir: &Path, manifest: &[u8]) -> Self {
        let socket = dir.join("engine.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let pushed = Arc::new(Mutex::new(Vec::new()));
        let holds = Holds { digest: super::image::digest(manifest), size: manifest.len(), without: "missing" };
        let heard = Arc::clone(&pushed);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (holds, heard) = (holds.clone(), Arc::clone(&heard));
                // A client that goes away early is its own affair.
                std::thread::spawn(move || stream.and_then(|stream| answer(&stream, &holds, &heard)));
            }
        });
        Self { host: format!("unix://{}", socket.display()), pushed }
    }

    /// What it was asked to push, in order.
    pub fn pushed(&self) -> Vec<String> {
        self.pushed.lock().unwrap().clone()
    }
}

fn answer(stream: &UnixStream, holds: &Holds, pushed: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first)? == 0 {
            return Ok(());
        }
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let header = line.trim().to_lowercase();
            if let Some(text) = header.strip_prefix("content-length:") {
                length = text.trim().parse().unwrap();
            }
            if header.is_empty() {
                break;
            }
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink())?;
        let (method, target) = (first.split(' ').next().unwrap(), first.split(' ').nth(1).unwrap());
        let (status, body) = route(target, holds, pushed);
        let head = format!(
            "HTTP/1.1 {status}\r\nApi-Version: 1.50\r\nOstype: linux\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = stream;
        stream.write_all(head.as_bytes())?;
        if method != "HEAD" {
            stream.write_all(body.as_bytes())?;
        }
    }
}

fn route(target: &str, holds: &Holds, pushed: &Mutex<Vec<String>>) -> (&'static str, String) {
    if target.ends_with("/_ping") {
        return ("200 OK", "OK".to_owned());
    }
    let image = target.split_once("/images/").map_or("", |(_, rest)| rest);
    if image.contains(holds.without) {
        let name = image.trim_end_matches("/json");
        return ("404 Not Found", json!({"message": format!("No such image: {name}")}).to_string());
    }
    if image.ends_with("/json") {
        return ("200 OK", json!({"Id": holds.digest}).to_string());
    }
    let Some((name, query)) = image.split_once("/push?") else {
        return ("404 Not Found", json!({"message": "page not found"}).to_string());
    };
    let tag = query.split('&').find_map(|pair| pair.strip_prefix("tag=")).unwrap();
    pushed.lock().unwrap().push(format!("{name}:{tag}"));
    let Holds { digest, size, .. } = holds;
    let lines = [
        json!({"status": format!("The push refers to repository [{name}]")}),
        json!({"status": "Preparing", "progressDetail": {}, "id": "0a1b2c3d4e5f"}),
        json!({"status": "Pushed", "progressDetail": {}, "id": "0a1b2c3d4e5f"}),
        json!({"status": format!("{tag}: digest: {digest} size: {size}")}),
        json!({"progressDetail": {}, "aux": {"Tag": tag, "Digest": digest, "Size": size}}),
    ];
    ("200 OK", lines.map(|line| format!("{line}\r\n")).concat())
}
