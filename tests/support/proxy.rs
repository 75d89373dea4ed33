//! A TCP proxy before a server: counts connections, delays, refuses, or loses answers.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// What the proxy does to connections, also to open ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Passes everything on.
    Pass,
    /// Passes requests on, and closes the connection when the answer comes.
    LoseAnswers,
    /// Takes connections and closes them.
    Refuse,
    /// Takes everything and never answers.
    Silence,
}

/// What is in the server's hands: requests that reached it and whose answers have not begun.
#[derive(Default)]
struct Hands {
    now: AtomicUsize,
    came: AtomicUsize,
    met: AtomicUsize,
}

struct Shared {
    target: u16,
    one_way: Duration,
    mode: Mutex<Mode>,
    connections: AtomicUsize,
    swallowed: AtomicUsize,
    hands: Hands,
    ended: AtomicBool,
}

/// A running proxy; it takes no new connection once the value is dropped.
pub struct Proxy {
    pub port: u16,
    shared: Arc<Shared>,
}

impl Proxy {
    /// Starts a proxy to a port of loopback that adds `round_trip` to each exchange.
    pub fn start(target: u16, round_trip: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            target,
            one_way: round_trip / 2,
            mode: Mutex::new(Mode::Pass),
            connections: AtomicUsize::new(0),
            swallowed: AtomicUsize::new(0),
            hands: Hands::default(),
            ended: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if accepting.ended.load(Ordering::SeqCst) {
                    break;
                }
                accepting.connections.fetch_add(1, Ordering::SeqCst);
                let shared = Arc::clone(&accepting);
                thread::spawn(move || relay(&shared, &client));
            }
        });
        Self { port, shared }
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// Connections taken so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Pieces of requests that were taken in silence.
    pub fn swallowed(&self) -> usize {
        self.shared.swallowed.load(Ordering::SeqCst)
    }

    /// Requests that reached the server so far, and how many of them met another one there.
    pub fn met(&self) -> (usize, usize) {
        let Hands { came, met, .. } = &self.shared.hands;
        (came.load(Ordering::SeqCst), met.load(Ordering::SeqCst))
    }

    /// Changes what it does.
    pub fn set(&self, mode: Mode) {
        *self.shared.mode.lock().unwrap() = mode;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        // Wakes the listener, so that it sees the end.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn relay(shared: &Arc<Shared>, client: &TcpStream) {
    if *shared.mode.lock().unwrap() == Mode::Refuse {
        return;
    }
    // The handshake of TCP costs a round trip too.
    thread::sleep(shared.one_way * 2);
    let Ok(server) = TcpStream::connect(("127.0.0.1", shared.target)) else { return };
    let (Ok(from_client), Ok(to_server)) = (client.try_clone(), server.try_clone()) else { return };
    for stream in [client, &server] {
        let _ = stream.set_nodelay(true);
    }
    let (up, is_asked) = (Arc::clone(shared), Arc::new(AtomicBool::new(false)));
    let asked = Arc::clone(&is_asked);
    let upward = thread::spawn(move || pump(&up, from_client, to_server, Direction::Up, asked));
    if let Ok(to_client) = client.try_clone() {
        pump(shared, server, to_client, Direction::Down, Arc::clone(&is_asked));
    }
    shared.hands.give_back(&is_asked);
    let _ = upward.join();
}

impl Hands {
    fn take(&self, is_asked: &AtomicBool) {
        if !is_asked.swap(true, Ordering::SeqCst) {
            let others = self.now.fetch_add(1, Ordering::SeqCst);
            self.came.fetch_add(1, Ordering::SeqCst);
            self.met.fetch_add(usize::from(others > 0), Ordering::SeqCst);
        }
    }

    fn give_back(&self, is_asked: &AtomicBool) {
        if is_asked.swap(false, Ordering::SeqCst) {
            self.now.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// A TLS record of application data, longer than a word of leave.
fn is_request(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0x17) && bytes.len() > 64
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

/// Passes bytes on, each `one_way` after it came.
fn pump(shared: &Arc<Shared>, mut from: TcpStream, mut to: TcpStream, direction: Direction, is_asked: Arc<AtomicBool>) {
    let (queue, due) = channel::<(Instant, Vec<u8>)>();
    let sink = to.try_clone();
    let (hands, asked) = (Arc::clone(shared), Arc::clone(&is_asked));
    let writer = thread::spawn(move || {
        for (at, bytes) in due {
            thread::sleep(at.saturating_duration_since(Instant::now()));
            if direction == Direction::Up && is_request(&bytes) {
                hands.hands.take(&asked);
            }
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if direction == Direction::Down {
            shared.hands.give_back(&is_asked);
        }
        match (*shared.mode.lock().unwrap(), direction) {
            (Mode::Silence, _) => {
                shared.swallowed.fetch_add(usize::from(direction == Direction::Up), Ordering::SeqCst);
                continue;
            }
            (Mode::LoseAnswers, Direction::Down) | (Mode::Refuse, _) => {
                let _ = sink.as_ref().map(|s| s.shutdown(Shutdown::Both));
                break;
            }
            (Mode::Pass | Mode::LoseAnswers, _) => {}
        }
        if queue.send((Instant::now() + shared.one_way, buffer[..count].to_vec())).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Read);
    drop(queue);
    let _ = writer.join();
}
