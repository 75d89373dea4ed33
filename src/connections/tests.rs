#![allow(clippy::unwrap_used)]

use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum_server::Handle;
use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Notify;

use super::line::Running;
use super::*;

/// Long enough for whatever must not end.
const LONG: Duration = Duration::from_secs(600);
/// Short enough to be waited for.
const SHORT: Duration = Duration::from_millis(200);
const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

struct Lab {
    address: SocketAddr,
    lines: Arc<Mutex<Vec<String>>>,
    _task: JoinHandle<std::io::Result<()>>,
}

fn serving(bounds: Bounds, app: Router) -> Lab {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let (address, lines) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<String>>>::default());
    let heard = Arc::clone(&lines);
    let log: Log = Arc::new(move |line: &str| heard.lock().unwrap().push(line.to_owned()));
    let _task = serve(listener, None, app, Handle::new(), (bounds, Some(log))).unwrap();
    Lab { address, lines, _task }
}

fn ok() -> Router {
    Router::new().fallback(|| async { "ok" })
}

/// A connection from one of the addresses of this machine.
async fn connected(to: SocketAddr, from: u8) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, from], 0).into()).unwrap();
    socket.connect(to).await.unwrap()
}

/// Reads until the other side ends, however it does.
async fn end(stream: &mut TcpStream) -> Vec<u8> {
    let mut read = Vec::new();
    let _ = stream.read_to_end(&mut read).await;
    read
}

#[tokio::test]
async fn a_connection_without_a_request_ends_whatever_it_has_sent_of_one() {
    let lab = serving(Bounds { idle: SHORT, ..Bounds::default() }, ok());
    let preface: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let settled = [preface, b"\0\0\0\x04\0\0\0\0\0"].concat();
    for sent in [b"".as_slice(), b"PR", b"GE", b"GET / HTTP/1.1\r\nHost:", preface, &settled] {
        let mut stream = TcpStream::connect(lab.address).await.unwrap();
        stream.write_all(sent).await.unwrap();
        end(&mut stream).await;
    }
    let mut stream = TcpStream::connect(lab.address).await.unwrap();
    stream.write_all(GET).await.unwrap();
    let answer = end(&mut stream).await;
    assert!(answer.ends_with(b"ok"), "it is answered, and ends some time after");
}

#[tokio::test]
async fn a_request_in_hand_keeps_its_connection_however_long_it_takes() {
    let (asked, goes_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (ask, go) = (Arc::clone(&asked), Arc::clone(&goes_on));
    let app = Router::new().fallback(move || async move {
        ask.notify_one();
        go.notified().await;
        "late"
    });
    let lab = serving(Bounds { idle: SHORT, ..Bounds::default() }, app);
    let mut stream = TcpStream::connect(lab.address).await.unwrap();
    stream.write_all(GET).await.unwrap();
    asked.notified().await;
    // As long as it takes an idle one to end that came later, three times.
    for _ in 0..3 {
        end(&mut TcpStream::connect(lab.address).await.unwrap()).await;
    }
    goes_on.notify_one();
    assert!(end(&mut stream).await.ends_with(b"late"));
}

#[tokio::test]
async fn who_takes_nothing_of_an_answer_is_left() {
    let whole = 64 << 20;
    let app = Router::new().fallback(move || async move { Body::from(vec![b'x'; whole]) });
    let lab = serving(Bounds { idle: LONG, taking: SHORT, most: 1 }, app);
    let mut stream = TcpStream::connect(lab.address).await.unwrap();
    stream.write_all(GET).await.unwrap();
    // There is a place for one: another is served once the first has lost it.
    loop {
        let mut other = TcpStream::connect(lab.address).await.unwrap();
        let _ = other.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        if end(&mut other).await.len() > whole {
            break;
        }
    }
    assert!(end(&mut stream).await.len() < whole);
}

#[tokio::test]
async fn where_there_are_too_many_the_oldest_idle_one_makes_room() {
    let lab = serving(Bounds { idle: LONG, taking: LONG, most: 4 }, ok());
    let asked = async |from| {
        let mut stream = connected(lab.address, from).await;
        stream.write_all(GET).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"ok") {
            assert!(stream.read_buf(&mut answer).await.unwrap() > 0);
        }
        stream
    };
    let (mut first, _second) = (asked(2).await, asked(3).await);
    let (mut third, _fourth) = (asked(4).await, asked(4).await);
    let _fifth = asked(5).await;
    assert!(end(&mut first).await.is_empty(), "it was idle for the longest");
    let _sixth = asked(4).await;
    assert!(end(&mut third).await.is_empty(), "one address gets half of all");
    assert_eq!(*lab.lines.lock().unwrap(), ["4 connections at once: the one that is idle for the longest ends"]);
}

#[tokio::test]
async fn where_all_are_busy_a_new_one_is_refused() {
    let asked = Arc::new(Notify::new());
    let ask = Arc::clone(&asked);
    let app = Router::new().fallback(move || async move {
        ask.notify_one();
        std::future::pending::<()>().await;
    });
    let lab = serving(Bounds { idle: LONG, taking: LONG, most: 1 }, app);
    let mut busy = TcpStream::connect(lab.address).await.unwrap();
    busy.write_all(GET).await.unwrap();
    asked.notified().await;
    assert!(end(&mut TcpStream::connect(lab.address).await.unwrap()).await.is_empty());
    assert_eq!(*lab.lines.lock().unwrap(), ["1 connections of 127.0.0.1 at once: new ones are refused"]);
}

/// The beginning of HTTP/2 of somebody who takes as many bytes of each answer, and a request.
fn http2(takes: u32) -> Vec<u8> {
    let settings = [b"\0\0\x06\x04\0\0\0\0\0\0\x04".as_slice(), &takes.to_be_bytes()].concat();
    // GET of http://x/, from the table that both sides know but for its host.
    let request = b"\0\0\x06\x01\x05\0\0\0\x01\x82\x86\x84\x41\x01x";
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &settings, request].concat()
}

#[tokio::test]
async fn who_takes_nothing_of_one_answer_is_left_whatever_the_line_bears() {
    for size in [10, 1 << 20] {
        let app = Router::new().fallback(move || async move { Body::from(vec![b'x'; size]) });
        let lab = serving(Bounds { idle: LONG, taking: SHORT, most: 1 }, app);
        let mut stream = TcpStream::connect(lab.address).await.unwrap();
        stream.write_all(&http2(0)).await.unwrap();
        end(&mut stream).await;
    }
}

#[tokio::test]
async fn nobody_is_asked_whether_it_is_there_while_an_answer_is_on_its_way() {
    let asked = Arc::new(Notify::new());
    let ask = Arc::clone(&asked);
    let app = Router::new().fallback(move || async move {
        ask.notify_one();
        std::future::pending::<()>().await;
    });
    let lab = serving(Bounds { idle: SHORT, ..Bounds::default() }, app);
    let mut stream = TcpStream::connect(lab.address).await.unwrap();
    stream.write_all(&http2(1 << 16)).await.unwrap();
    asked.notified().await;
    for _ in 0..3 {
        end(&mut TcpStream::connect(lab.address).await.unwrap()).await;
    }
    let (mut sent, mut at, mut kinds) = (vec![0; 4096], 0, Vec::new());
    let length = stream.read(&mut sent).await.unwrap();
    while at < length {
        kinds.push(sent[at + 3]);
        at += 9 + usize::from(sent[at + 2]);
    }
    assert!(kinds.contains(&4) && !kinds.contains(&6), "its settings and no ping: {kinds:?}");
}

#[tokio::test]
async fn a_request_that_begins_as_its_connection_makes_room_is_answered_first() {
    let lab = serving(Bounds::default(), ok());
    let stream = TcpStream::connect(lab.address).await.unwrap();
    let (line, bounds) = (Arc::new(Line::new()), Bounds { idle: LONG, taking: LONG, most: 1 });
    let of = Connections { bounds, log: None, open: Arc::default() };
    let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let place = Place { id: 0, peer, of: of.clone() };
    let mut attended = Attended::new(stream, Arc::clone(&line), bounds, place);
    let running = Running::on(&line);
    line.end();
    let mut read = [0; 1];
    assert!(attended.read(&mut read).now_or_never().is_none(), "it goes on");
    assert!(of.begin(peer).is_none(), "and counts");
    drop(running);
    assert!(attended.read(&mut read).now_or_never().is_some_and(|read| read.is_err()), "it makes room now");
}
