//! Where the gate listens, what it answers when servers are away, and how much it bears.

use std::path::PathBuf;

use trustdeck::gate::{GateError, Options};

use super::lab::{Lab, login, options};

fn refused(options: &Options) -> bool {
    matches!(start(options), Err(GateError::Options(_)))
}

/// Starts a gate, and ends it.
fn start(options: &Options) -> Result<(), GateError> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let sandbox = trustdeck::sandbox::Options {
        dir: Some(dir.path().join("lab")),
        http: true,
        empty: true,
        ..Default::default()
    };
    let sandbox = runtime.block_on(trustdeck::sandbox::start(sandbox)).unwrap();
    let clock = std::sync::Arc::new(jiff::Timestamp::now);
    let engine = trustdeck::engine::Engine::open(sandbox.settings(), clock.clone()).unwrap();
    let started = runtime.block_on(trustdeck::gate::start(&engine, options, clock, std::sync::Arc::new(|_: &str| {})));
    started.map(drop)
}

#[test]
fn strangers_beyond_this_machine_are_not_let_in_unnoticed() {
    let everywhere = Options { listen: "0.0.0.0:0".parse().unwrap(), ..options() };
    assert!(refused(&everywhere), "no TLS");
    assert!(refused(&Options { login: Some(login()), ..everywhere.clone() }), "no TLS for the login");
    let tls = Some((PathBuf::from("cert.pem"), PathBuf::from("key.pem")));
    assert!(refused(&Options { tls: tls.clone(), ..everywhere.clone() }), "no login");
    assert!(!refused(&Options { tls: tls.clone(), open: true, ..everywhere.clone() }));
    assert!(!refused(&Options { tls, login: Some(login()), ..everywhere }));
    assert!(!refused(&options()));
}

#[test]
fn errors_of_tls_name_the_file_that_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let made = |name: &str| {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
        (certificate.pem(), key.serialize_pem())
    };
    let ((certificate, key), (_, other)) = (made("one.test"), made("other.test"));
    let write = |name: &str, text: &str| {
        std::fs::write(dir.path().join(name), text).unwrap();
        dir.path().join(name)
    };
    let (cert, none) = (write("cert.pem", &certificate), dir.path().join("none.pem"));
    let (key, nonsense) = (write("key.pem", &key), write("nonsense.pem", "nonsense"));
    let other = write("other.pem", &other);
    for (certificate, key, named) in [
        (&cert, &none, "none.pem: No such file"),
        (&none, &key, "none.pem: No such file"),
        (&cert, &nonsense, "nonsense.pem: "),
        (&nonsense, &key, "nonsense.pem: "),
        (&cert, &other, "cert.pem: is not the certificate of that key: "),
    ] {
        let tls = Some((certificate.clone(), key.clone()));
        let error = start(&Options { tls, ..options() }).unwrap_err().to_string();
        assert!(error.contains(named), "{error}");
    }
    start(&Options { tls: Some((cert, key)), ..options() }).unwrap();
}

#[test]
fn what_was_learned_serves_on_while_the_trust_server_is_away() {
    let mut lab = Lab::start(&options());
    let manifest = "/v2/team/web/manifests/3.1.6";
    assert!(lab.get(manifest).starts_with("HTTP/1.1 200"));
    lab.end_sandbox();
    assert!(lab.get(manifest).starts_with("HTTP/1.1 200"), "tags that were verified a moment ago");
    let unknown = lab.get("/v2/team/api/manifests/2.2");
    assert!(unknown.starts_with("HTTP/1.1 5"), "{unknown}");
    assert!(unknown.contains("\"code\":\"UNAVAILABLE\""), "{unknown}");
    assert!(lab.get("/health").ends_with("ok\n"));
    assert!(lab.get("/v2/team/web/tags/list?n=2").contains("rel=\"next\""));
}

#[test]
fn many_pulls_at_once_are_answered_from_a_few_questions() {
    let lab = Lab::start(&options());
    let before = "/v2/team/web/manifests/3.1.6";
    lab.runtime.block_on(async {
        let url = lab.url();
        let pulls = (0..400).map(|_| crate::support::image::get(&url, before));
        let mut answers = futures_util::stream::iter(pulls);
        use futures_util::StreamExt;
        let mut running = futures_util::stream::FuturesUnordered::new();
        let mut good = 0;
        loop {
            while running.len() < 50 {
                match answers.next().await {
                    Some(pull) => running.push(pull),
                    None => break,
                }
            }
            match running.next().await {
                Some(answer) => good += usize::from(answer.starts_with("HTTP/1.1 200")),
                None => break,
            }
        }
        assert_eq!(good, 400);
    });
    assert!(lab.get("/metrics").contains("\ntrustdeck_gate_manifests_by_tag_total 400\n"));
}
