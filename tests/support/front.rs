//! An HTTP server before a plain one that passes everything on, but for uploads that a test wants to go wrong.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::free_port;

/// What happens to one upload.
pub enum Fault {
    /// It is passed on, and its answer is lost.
    LoseAnswer,
    /// It is lost itself.
    LoseRequest,
    /// The server never sees it, and a success is answered.
    FalseSuccess,
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

/// A running front; its thread ends with the test's process.
pub struct Front {
    pub url: String,
    faults: Faults,
    lost: Arc<Mutex<Lost>>,
}

impl Front {
    /// Starts one before a port of loopback.
    pub fn start(target: u16) -> Self {
        let port = free_port();
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let faults = Faults::default();
        let shared = Arc::clone(&faults);
        let lost = Arc::<Mutex<Lost>>::default();
        let losing = Arc::clone(&lost);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (faults, lost) = (Arc::clone(&shared), Arc::clone(&losing));
                thread::spawn(move || serve(client, target, &faults, &lost));
            }
        });
        Self { url: format!("http://127.0.0.1:{port}"), faults, lost }
    }

    /// After `count` more requests one is lost, or with `seen` its answer.
    pub fn lose_after(&self, count: usize, seen: bool) {
        *self.lost.lock().unwrap() = Lost { after: Some(count), seen };
    }

    /// Stops losing; says whether one was lost.
    pub fn has_lost(&self) -> bool {
        std::mem::take(&mut *self.lost.lock().unwrap()).after.is_none()
    }

    /// The next uploads go wrong like this, one each.
    pub fn next_uploads(&self, faults: impl IntoIterator<Item = Fault>) {
        self.faults.lock().unwrap().extend(faults);
    }
}

/// Serves one request on a connection and closes it.
fn serve(mut client: TcpStream, target: u16, faults: &Faults, lost: &Mutex<Lost>) -> Option<()> {
    let request = read_request(&mut client)?;
    if let Some(seen) = { lost.lock().unwrap().counts() } {
        return if seen { answer_of(&request, target).map(drop) } else { None };
    }
    let is_upload = request.starts_with(b"POST");
    let fault = if is_upload { faults.lock().unwrap().pop_front() } else { None };
    match fault {
        Some(Fault::LoseRequest) => return None,
        Some(Fault::FalseSuccess) => {
            client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok()?;
            return Some(());
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
