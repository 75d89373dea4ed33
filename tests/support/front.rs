//! An HTTP server before a plain one that passes everything on, but for uploads that a test wants to go wrong.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::free_port;

/// What happens to one upload or deletion.
pub enum Fault {
    /// It is passed on, and its answer is lost.
    LoseAnswer,
    /// It is lost itself.
    LoseRequest,
    /// The server never sees it, and this is answered: a status, and headers below it.
    Answer(&'static str),
    /// It is passed on, this runs, and this is answered.
    StoreAndAnswer(Box<dyn FnOnce() + Send>, &'static str),
    /// The server never sees it, this runs, and this is answered.
    ActAndAnswer(Box<dyn FnOnce() + Send>, &'static str),
    /// This runs first; then it is passed on.
    Before(Box<dyn FnOnce() + Send>),
}

type Faults = Arc<Mutex<VecDeque<Fault>>>;

/// Which request of all is lost.
#[derive(Default)]
struct Lost {
    /// How many are passed on before it.
    after: Option<usize>,
    /// Whether the server sees it all the same.
    seen: bool,
}

impl Lost {
    /// Counts a request; says whether it is the one, and whether the server sees it.
    fn counts(&mut self) -> Option<bool> {
        let left = self.after?;
        self.after = left.checked_sub(1);
        (left == 0).then_some(self.seen)
    }
}

/// Logins that are demanded, as `user:password`.
#[derive(Clone, Default)]
struct Logins {
    readers: Vec<String>,
    writers: Vec<String>,
}

impl Logins {
    /// What is answered to a request without the right, in place of passing it on.
    fn refusal(&self, request: &[u8]) -> Option<&'static [u8]> {
        if self.readers.is_empty() && self.writers.is_empty() {
            return None;
        }
        let sent = |logins: &[String]| logins.iter().any(|login| is_login(request, login));
        match (sent(&self.readers), sent(&self.writers)) {
            (_, true) => None,
            (true, _) if !request.starts_with(b"POST") => None,
            (true, _) => Some(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
            _ => Some(
                b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"front\"\r\nContent-Length: 0\r\n\
                  Connection: close\r\n\r\n",
            ),
        }
    }
}

fn is_login(request: &[u8], login: &str) -> bool {
    use base64::Engine as _;
    let sent = format!("basic {}", base64::engine::general_purpose::STANDARD.encode(login));
    let head = String::from_utf8_lossy(request);
    let values = head.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(": "));
    let mut logins = values.filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    logins.any(|(_, value)| value.eq_ignore_ascii_case(&sent))
}

/// A running front; its thread ends with the test's process.
#[derive(Clone)]
pub struct Front {
    pub url: String,
    faults: Faults,
    lost: Arc<Mutex<Lost>>,
    logins: Arc<Mutex<Logins>>,
    hidden: Arc<Mutex<Option<String>>>,
    broken: Arc<Mutex<Option<String>>>,
    given: Given,
    lines: Arc<Mutex<Vec<String>>>,
    turns: Turns,
}

/// What is done before a file is read once more: a part of its path, how often it is read before, and what.
type Turns = Arc<Mutex<Vec<(String, usize, Option<Box<dyn FnOnce() + Send>>)>>>;

/// What is answered in place of the server, by what the path ends with: a media type, a body, and how many bytes more
/// are announced that never come.
type Given = Arc<Mutex<Vec<(String, &'static str, Vec<u8>, usize)>>>;

impl Front {
    /// Starts one before a port of loopback.
    pub fn start(target: u16) -> Self {
        let port = free_port();
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let faults = Faults::default();
        let shared = Arc::clone(&faults);
        let lost = Arc::<Mutex<Lost>>::default();
        let losing = Arc::clone(&lost);
        let logins = Arc::<Mutex<Logins>>::default();
        let demanded = Arc::clone(&logins);
        let hidden = Arc::<Mutex<Option<String>>>::default();
        let kept_back = Arc::clone(&hidden);
        let broken = Arc::<Mutex<Option<String>>>::default();
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let (spoiled, heard) = (Arc::clone(&broken), Arc::clone(&lines));
        let given = Given::default();
        let giving = Arc::clone(&given);
        let turns = Turns::default();
        let turning = Arc::clone(&turns);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (faults, lost) = (Arc::clone(&shared), Arc::clone(&losing));
                let logins = demanded.lock().unwrap().clone();
                let hidden = kept_back.lock().unwrap().clone();
                let (broken, heard) = (spoiled.lock().unwrap().clone(), Arc::clone(&heard));
                let (given, turns) = (Arc::clone(&giving), Arc::clone(&turning));
                let serve =
                    move || serve(client, target, (&logins, hidden, broken, &given), (&faults, &lost, &heard), &turns);
                thread::spawn(serve);
            }
        });
        Self { url: format!("http://127.0.0.1:{port}"), faults, lost, logins, hidden, broken, given, lines, turns }
    }

    /// From now on files whose path holds this are not there.
    pub fn hide(&self, part: &str) {
        *self.hidden.lock().unwrap() = Some(part.to_owned());
    }

    /// From now on the server fails where a path holds this.
    pub fn fail_at(&self, part: &str) {
        *self.broken.lock().unwrap() = Some(part.to_owned());
    }

    /// From now on this is answered where a path ends with `end`.
    pub fn give(&self, end: &str, media_type: &'static str, body: Vec<u8>) {
        self.given.lock().unwrap().push((end.to_owned(), media_type, body, 0));
    }

    /// The same, but its last byte never comes.
    pub fn stall(&self, end: &str, media_type: &'static str, mut body: Vec<u8>) {
        body.pop();
        self.given.lock().unwrap().push((end.to_owned(), media_type, body, 1));
    }

    /// This runs before a file whose path holds `part` is read for the time after `before` more.
    pub fn turn(&self, part: &str, before: usize, act: impl FnOnce() + Send + 'static) {
        self.turns.lock().unwrap().push((part.to_owned(), before, Some(Box::new(act))));
    }

    /// First lines of the requests so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// After `count` more requests one is lost, or with `seen` its answer.
    pub fn lose_after(&self, count: usize, seen: bool) {
        *self.lost.lock().unwrap() = Lost { after: Some(count), seen };
    }

    /// Stops losing; says whether one was lost.
    pub fn has_lost(&self) -> bool {
        std::mem::take(&mut *self.lost.lock().unwrap()).after.is_none()
    }

    /// From now on a login is demanded; only that of the writer may upload.
    pub fn demand(&self, reader: &str, writer: &str) {
        let logins = Logins { readers: vec![reader.to_owned()], writers: vec![writer.to_owned()] };
        *self.logins.lock().unwrap() = logins;
    }

    /// The next uploads go wrong like this, one each.
    pub fn next_uploads(&self, faults: impl IntoIterator<Item = Fault>) {
        self.faults.lock().unwrap().extend(faults);
    }
}

/// Serves one request on a connection and closes it.
fn serve(
    mut client: TcpStream,
    target: u16,
    (logins, hidden, broken, given): (&Logins, Option<String>, Option<String>, &Given),
    (faults, lost, lines): (&Faults, &Mutex<Lost>, &Mutex<Vec<String>>),
    turns: &Turns,
) -> Option<()> {
    let request = read_request(&mut client)?;
    let line = String::from_utf8_lossy(request.split(|byte| *byte == b'\r').next()?).into_owned();
    lines.lock().unwrap().push(line.clone());
    if let Some(act) = turn_of(&line, turns) {
        act();
    }
    if broken.is_some_and(|part| line.contains(&part)) {
        return client.write_all(&answer("500 Internal Server Error")).ok();
    }
    let given = given.lock().unwrap().iter().find(|(end, ..)| line.contains(&format!("{end} "))).cloned();
    if let Some((_, media_type, body, missing)) = given {
        let (kind, length) = (format!("Content-Type: {media_type}"), body.len() + missing);
        let head = format!("HTTP/1.1 200 OK\r\n{kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        client.write_all(&[head.into_bytes(), body].concat()).ok()?;
        return if missing > 0 { client.read(&mut [0]).ok().map(drop) } else { Some(()) };
    }
    if hidden.is_some_and(|part| line.starts_with("GET") && line.contains(&part)) {
        let absent = r#"{"errors":[{"code":"METADATA_NOT_FOUND","message":"no data","detail":null}]}"#;
        let length = absent.len();
        let head = format!("HTTP/1.1 404 Not Found\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        return client.write_all((head + absent).as_bytes()).ok();
    }
    if let Some(refusal) = logins.refusal(&request) {
        return client.write_all(refusal).ok();
    }
    if let Some(seen) = { lost.lock().unwrap().counts() } {
        return if seen { answer_of(&request, target).map(drop) } else { None };
    }
    let is_upload = [&b"POST"[..], b"DELETE"].iter().any(|method| request.starts_with(method));
    let fault = if is_upload { faults.lock().unwrap().pop_front() } else { None };
    match fault {
        Some(Fault::LoseRequest) => return None,
        Some(Fault::Answer(head)) => return client.write_all(&answer(head)).ok(),
        Some(Fault::StoreAndAnswer(act, head)) => {
            answer_of(&request, target)?;
            act();
            return client.write_all(&answer(head)).ok();
        }
        Some(Fault::ActAndAnswer(act, head)) => {
            act();
            return client.write_all(&answer(head)).ok();
        }
        Some(Fault::Before(act)) => act(),
        Some(Fault::LoseAnswer) => {
            answer_of(&request, target)?;
            return None;
        }
        None => {}
    }
    client.write_all(&answer_of(&request, target)?).ok()
}

fn turn_of(line: &str, turns: &Turns) -> Option<Box<dyn FnOnce() + Send>> {
    let mut turns = turns.lock().unwrap();
    let read = |part: &str| line.starts_with("GET") && line.contains(part);
    let (_, before, act) = turns.iter_mut().find(|(part, _, act)| act.is_some() && read(part))?;
    if *before == 0 {
        return act.take();
    }
    *before -= 1;
    None
}

fn answer(head: &str) -> Vec<u8> {
    format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").into_bytes()
}

fn read_request(client: &mut TcpStream) -> Option<Vec<u8>> {
    let (mut request, mut buffer) = (Vec::new(), [0; 16 * 1024]);
    loop {
        let count = client.read(&mut buffer).ok().filter(|count| *count > 0)?;
        request.extend_from_slice(&buffer[..count]);
        let Some(end) = request.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        if request.len() >= end + 4 + length.unwrap_or(0) {
            return Some(request);
        }
    }
}

fn answer_of(request: &[u8], target: u16) -> Option<Vec<u8>> {
    let line = request.windows(2).position(|w| w == b"\r\n")?;
    let mut server = TcpStream::connect(("127.0.0.1", target)).ok()?;
    server.write_all(&request[..line]).ok()?;
    // One request for each connection, so that the answer ends with it.
    server.write_all(b"\r\nConnection: close").ok()?;
    server.write_all(&request[line..]).ok()?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).ok()?;
    Some(answer)
}
