use std::time::Duration;

use reqwest::{Method, Url};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::*;
use crate::remote::error::RemoteError;
use crate::remote::fault::{Fault, Reach};

const LIMIT: u64 = 100;

fn address() -> Address {
    let limits = Limits {
        first_byte: Duration::from_millis(300),
        stall: Duration::from_millis(300),
        total: Duration::from_secs(2),
        ..Limits::default()
    };
    Address {
        host: "notary.test".into(),
        name: "notary.test".to_owned(),
        url: Uri::from_static("https://notary.test"),
        tls: None,
        limits,
        learned: None,
    }
}

/// An open line, the server's end of its connection, and how it ends.
fn open() -> (Arc<OpenLine>, DuplexStream, tokio::task::JoinHandle<End>) {
    let (ours, theirs) = tokio::io::duplex(1 << 20);
    let (jobs, wanted) = mpsc::unbounded_channel();
    let end = tokio::spawn(async move { serve(ours, wanted, &address()).await });
    (Arc::new(OpenLine { jobs }), theirs, end)
}

/// What comes of a request; it is in line when this returns.
async fn ask(
    line: &Arc<OpenLine>,
    method: Method,
    path: &str,
    body: &'static [u8],
) -> oneshot::Receiver<Result<Answer, Missed>> {
    let (line, url) = (Arc::clone(line), Url::parse(&format!("https://notary.test/v2/{path}")).unwrap());
    let (told, outcome) = oneshot::channel();
    tokio::spawn(async move {
        let request = Request::new(method, url);
        let _ = told.send(line.exchange(&request, body, "file", LIMIT).await);
    });
    tokio::task::yield_now().await;
    outcome
}

async fn get(line: &Arc<OpenLine>, path: &str) -> oneshot::Receiver<Result<Answer, Missed>> {
    ask(line, Method::GET, path, b"").await
}

/// Waits for so many requests without a body, of which none was answered.
async fn heads(server: &mut DuplexStream, count: usize) -> String {
    let mut came = Vec::new();
    while String::from_utf8_lossy(&came).matches("\r\n\r\n").count() < count {
        assert!(server.read_buf(&mut came).await.unwrap() > 0);
    }
    String::from_utf8(came).unwrap()
}

async fn body(outcome: oneshot::Receiver<Result<Answer, Missed>>) -> (u16, String) {
    match outcome.await.unwrap() {
        Ok(answer) => (answer.status.as_u16(), String::from_utf8(answer.body).unwrap()),
        Err(Missed::Unsent) => panic!("not sent"),
        Err(Missed::Failed(fault)) => panic!("{fault:?}"),
    }
}

async fn fault(outcome: oneshot::Receiver<Result<Answer, Missed>>) -> (RemoteError, Reach) {
    match outcome.await.unwrap() {
        Ok(answer) => panic!("{}", answer.status),
        Err(Missed::Unsent) => panic!("not sent"),
        Err(Missed::Failed(Fault { error, reach })) => (error, reach),
    }
}

#[tokio::test]
async fn all_are_sent_before_the_first_is_answered_and_answers_come_in_their_order() {
    let (line, mut server, end) = open();
    let asked = [get(&line, "a").await, get(&line, "b").await, get(&line, "c").await, get(&line, "d").await];
    let heads = heads(&mut server, 4).await;
    let lines: Vec<&str> = heads.lines().filter(|line| line.starts_with("GET")).collect();
    assert_eq!(lines, ["a", "b", "c", "d"].map(|path| format!("GET /v2/{path} HTTP/1.1")));
    assert!(heads.contains("Host: notary.test\r\n") && heads.contains("User-Agent: trustdeck/"), "{heads}");
    let answers = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none\
                   HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone\
                   HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nthr\r\n2;x=y\r\nee\r\n0\r\nTrailer: x\r\n\r\n\
                   HTTP/1.1 204 No Content\r\n\r\n";
    // In pieces as small as they can be.
    for byte in answers.bytes() {
        server.write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let expected = [(200, "one"), (404, "none"), (200, "three"), (204, "")];
    for (outcome, (status, text)) in asked.into_iter().zip(expected) {
        assert_eq!(body(outcome).await, (status, text.to_owned()));
    }
    drop(server);
    assert_eq!(end.await.unwrap(), End::Idle);
}

#[tokio::test]
async fn whoever_gives_up_leaves_the_others_their_own_answers() {
    let (line, mut server, _end) = open();
    let request = Request::new(Method::GET, Url::parse("https://notary.test/v2/a").unwrap());
    let given_up = tokio::time::timeout(Duration::from_millis(20), line.exchange(&request, b"", "file", LIMIT)).await;
    assert!(given_up.is_err());
    let second = get(&line, "b").await;
    heads(&mut server, 2).await;
    let answers = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2";
    server.write_all(answers.as_bytes()).await.unwrap();
    assert_eq!(body(second).await, (200, "2".to_owned()));
}

#[tokio::test]
async fn a_server_that_closes_after_an_answer_has_taken_up_nothing_behind_it() {
    let (line, mut server, end) = open();
    let (first, second) = (get(&line, "a").await, ask(&line, Method::POST, "b", b"upload").await);
    heads(&mut server, 2).await;
    let answer = b"HTTP/1.1 200 OK\r\nConnection: Keep-Alive, Close\r\nContent-Length: 1\r\n\r\n1";
    server.write_all(answer).await.unwrap();
    assert_eq!(body(first).await, (200, "1".to_owned()));
    assert_eq!(end.await.unwrap(), End::Closed { is_early: true });
    assert!(matches!(second.await.unwrap(), Err(Missed::Unsent)), "it is no try");
    let late =
        line.exchange(&Request::new(Method::GET, Url::parse("https://notary.test/").unwrap()), b"", "file", 1).await;
    assert!(matches!(late, Err(Missed::Unsent)));
}

#[tokio::test]
async fn an_old_server_that_keeps_its_connection_open_goes_on_in_line() {
    let (line, mut server, end) = open();
    let (first, second) = (get(&line, "a").await, ask(&line, Method::POST, "b", b"upload").await);
    heads(&mut server, 2).await;
    let answer = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n1";
    server.write_all(answer.as_bytes()).await.unwrap();
    assert_eq!(body(first).await, (200, "1".to_owned()));
    server.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n2").await.unwrap();
    assert_eq!(body(second).await, (200, "2".to_owned()));
    assert_eq!(end.await.unwrap(), End::Closed { is_early: true }, "without that word it ends");
}

#[tokio::test]
async fn an_answer_that_comes_before_its_upload_was_taken_ends_the_line_at_once() {
    let (line, mut server, end) = open();
    let body_of_upload = vec![0; 4 << 20].leak();
    let (upload, behind) = (ask(&line, Method::POST, "a", body_of_upload).await, get(&line, "b").await);
    tokio::time::sleep(Duration::from_millis(20)).await;
    server.write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno").await.unwrap();
    assert_eq!(body(upload).await, (413, "no".to_owned()));
    assert!(matches!(behind.await.unwrap(), Err(Missed::Unsent)));
    assert_eq!(end.await.unwrap(), End::Closed { is_early: false });
}

#[tokio::test]
async fn what_was_on_its_way_when_a_line_breaks_may_have_arrived() {
    let (line, mut server, end) = open();
    let (first, second) = (get(&line, "a").await, ask(&line, Method::POST, "b", b"upload").await);
    heads(&mut server, 2).await;
    server.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12").await.unwrap();
    drop(server);
    assert_eq!(end.await.unwrap(), End::Broken);
    for outcome in [first, second] {
        let (error, reach) = fault(outcome).await;
        assert!(matches!(error, RemoteError::BrokeOff { .. }) && reach == Reach::Unknown, "{error} {reach:?}");
    }
}

#[tokio::test]
async fn an_upload_that_was_not_taken_whole_was_not_stored() {
    let (line, server, _end) = open();
    let body = vec![0; 4 << 20].leak();
    let upload = ask(&line, Method::POST, "a", body).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    drop(server);
    let (error, reach) = fault(upload).await;
    assert!(matches!(error, RemoteError::BrokeOff { .. }) && reach == Reach::Partly, "{error} {reach:?}");
}

#[tokio::test]
async fn answers_are_bounded_in_size_and_time() {
    let head = |rest: &str| format!("HTTP/1.1 200 OK\r\n{rest}\r\n\r\n");
    let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(70_000));
    let table = [
        (head("Content-Length: 101"), "sends more than 100 bytes"),
        (head("Transfer-Encoding: chunked") + "65\r\n", "sends more than 100 bytes"),
        (head("Transfer-Encoding: chunked") + "1\r\nabc\r\n", "invalid chunk"),
        (head("Transfer-Encoding: chunked") + "x\r\n", "invalid chunk size"),
        (head("Transfer-Encoding: gzip, chunked"), "invalid length of its body"),
        (head("Transfer-Encoding: chunked\r\nContent-Length: 1") + "1", "invalid length of its body"),
        (head("Content-Length: 1\r\nContent-Length: 2") + "12", "invalid length of its body"),
        (head("Content-Length: +1") + "1", "invalid length of its body"),
        (head("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"), "invalid length of its body"),
        (head("Transfer-Encoding: chunked") + "0\r\n" + &"A: b\r\n".repeat(101), "too many lines behind a body"),
        (head(" X: folded"), "proper HTTP: invalid header name"),
        (head("Content-Encoding: gzip\r\nContent-Length: 1") + "1", "its content is encoded"),
        ("SSH-2.0-OpenSSH\r\n".to_owned(), "it is no proper HTTP"),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n".to_owned(), "it is no proper HTTP"),
        ("HTTP/1.1 102 Processing\r\n\r\n".repeat(17), "too many heads"),
        (endless, "message head is too large"),
        (String::new(), "0 s to answer"),
        (head("Content-Length: 9") + "1", "0 s to send"),
    ];
    for (sent, expected) in table {
        let (line, mut server, end) = open();
        let (first, second) = (get(&line, "a").await, get(&line, "b").await);
        heads(&mut server, 2).await;
        server.write_all(sent.as_bytes()).await.unwrap();
        let (error, _) = fault(first).await;
        assert!(error.to_string().contains(expected), "{sent:.60}: {error}");
        let (error, _) = fault(second).await;
        assert!(matches!(error, RemoteError::BrokeOff { .. }), "can be asked for again: {error}");
        drop(server);
        let is_silent = expected.starts_with("0 s");
        assert_eq!(end.await.unwrap(), if is_silent { End::Broken } else { End::LeftBehind }, "{expected}");
    }
}

#[tokio::test]
async fn what_is_behind_a_failure_that_is_not_read_whole_may_have_been_done_and_is_waited_for() {
    let (line, mut server, end) = open();
    let (first, second) = (get(&line, "a").await, ask(&line, Method::POST, "b", b"upload").await);
    heads(&mut server, 2).await;
    let long = "no ".repeat(30_000);
    let answer = format!("HTTP/1.1 500 No\r\nContent-Length: {}\r\n\r\n{long}", long.len());
    server.write_all(answer.as_bytes()).await.unwrap();
    let (status, text) = body(first).await;
    assert!(status == 500 && text.is_empty(), "{status} {text:.20}");
    let (error, reach) = fault(second).await;
    assert!(matches!(error, RemoteError::BrokeOff { .. }) && reach == Reach::Unknown, "{error} {reach:?}");
    assert!(!end.is_finished(), "the server may be at the second one");
    drop(server);
    assert_eq!(end.await.unwrap(), End::LeftBehind);
}

#[tokio::test]
async fn an_answer_before_its_request_is_nobodys() {
    let (line, mut server, end) = open();
    let first = get(&line, "a").await;
    heads(&mut server, 1).await;
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1";
    server.write_all(answer.repeat(2).as_bytes()).await.unwrap();
    assert_eq!(body(first).await, (200, "1".to_owned()));
    assert_eq!(end.await.unwrap(), End::Broken);
}

#[tokio::test]
async fn an_answer_to_nothing_ends_the_line() {
    let (_line, mut server, end) = open();
    server.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    assert_eq!(end.await.unwrap(), End::Broken);
}

#[tokio::test]
async fn a_line_that_is_ended_before_an_answer_is_not_opened_again() {
    let (_line, server, end) = open();
    drop(server);
    assert_eq!(end.await.unwrap(), End::Broken);
}
